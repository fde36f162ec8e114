"""What a program sees of a pipe that it writes to."""

import io


class Pipe(io.RawIOBase):
    """A file that can only be written on."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, chunk: object) -> int:
        content = bytes(chunk)  # type: ignore[call-overload]  # a buffer, for which Python 3.11 has no type
        self.content += content
        return len(content)

    def writable(self) -> bool:
        return True
