"""The part of a multipart form that holds the video: found while the body streams in, whatever else the form has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.problems import Problem

FIELD = "file"
"""The name of the part."""

_MAX_PARTS = 8
_MAX_HEADER_BYTES = 8192  # of one part


@contextmanager
def _malformed() -> Iterator[None]:
    """Turn the parser's errors into the problem `malformed`."""
    try:
        yield
    except FormParserError as error:
        raise Problem("malformed", f"the multipart body cannot be parsed: {error}") from error


class FormReader:
    """Finds the part named "file" in a multipart body and hands on its bytes; other parts are ignored."""

    def __init__(self, boundary: bytes, write: Callable[[bytes], None]) -> None:
        """Create a parser that calls `write` with each piece of the file. Raise `malformed` for a bad boundary."""
        self._write = write
        self._parts = 0
        self._is_file = False
        self._header_bytes = 0
        self._header: tuple[bytes, bytes] = (b"", b"")
        self.found = False  # whether there was such a part
        self.ended = False  # whether the form came to its end
        with _malformed():
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_part_data": self._on_part_data,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_end": self._on_end,
                },
            )

    def write(self, chunk: bytes) -> None:
        """Take in a piece of the body. Raise the problem `malformed`, and what the file's `write` raises."""
        with _malformed():
            self._parser.write(chunk)

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise Problem("malformed", f"the form has more than {_MAX_PARTS} parts; send the video alone")
        self._is_file = False
        self._header_bytes = 0
        self._header = (b"", b"")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header = (self._header[0], self._header[1] + data[start:end])

    def _on_header_end(self) -> None:
        name, value = self._header
        self._header = (b"", b"")
        if name.lower() == b"content-disposition" and parse_options_header(value)[1].get(b"name") == FIELD.encode():
            if self.found:
                raise Problem("malformed", f"the form has more than one part named {FIELD!r}; send one video a request")
            self._is_file = self.found = True

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._write(data[start:end])

    def _on_end(self) -> None:
        self.ended = True

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _MAX_HEADER_BYTES:
            raise Problem("malformed", "a part of the form has too long a header")
