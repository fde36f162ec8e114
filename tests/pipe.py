"""What a program sees of a pipe that it writes to."""

import io


class Pipe(io.RawIOBase):
    """A file that can only be written on."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, chunk: object) -> int:
        self.content += bytes(chunk)  # type: ignore[call-overload]
        return len(bytes(chunk))  # type: ignore[call-overload]

    def writable(self) -> bool:
        return True
