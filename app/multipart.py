"""The part of a multipart form that holds the video: found while the body streams in, whatever else the form has."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.problems import Problem

FIELD = "file"
"""The name of the part."""

_MAX_PARTS = 8
_MAX_HEADER_BYTES = 8192  # of one part
_PADDING = 64  # blanks behind the first boundary that are seen as such; the parser refuses any


@contextmanager
def _malformed() -> Iterator[None]:
    """Turn the parser's errors into the problem `malformed`."""
    try:
        yield
    except FormParserError as error:
        raise Problem("malformed", f"the multipart body cannot be parsed: {error}") from error


def no_file(why: str) -> Problem:
    """Return the problem of a request without a file."""
    return Problem("no-file", f"{why}; send a video: curl -F {FIELD}=@clip.mp4 …/predict")


class FormReader:
    """Finds the part named "file" in a multipart body and hands on its bytes.

    Other parts are ignored, unless they are named like one of `parameters`, which the address alone can have.
    """

    def __init__(
        self, boundary: bytes, write: Callable[[bytes], None], parameters: Collection[str] = frozenset()
    ) -> None:
        """Create a parser that calls `write` with each piece of the file. Raise `malformed` for a bad boundary."""
        self._write = write
        self._parameters = parameters
        self.named = False  # whether the file came with a name, as files do
        self._parts = 0
        self._is_file = False
        self._header_bytes = 0
        self._name = self._value = b""  # of the header that is being read
        self._headers: dict[bytes, bytes] = {}  # of the part
        self._preamble: Preamble | None = Preamble(boundary)
        self._found = False  # whether there was such a part
        self._ended = False  # whether the form came to its end
        with _malformed():
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_part_data": self._on_part_data,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_end": self._on_end,
                },
            )

    def write(self, chunk: bytes) -> None:
        """Take in a piece of the body. Raise the problem `malformed`, and what the file's `write` raises."""
        if self._preamble is not None:
            chunk = self._preamble.skip(chunk)
            if not chunk:
                return
            self._preamble = None
        with _malformed():
            self._parser.write(chunk)

    def check_complete(self) -> None:
        """Raise the problem `malformed` or `no-file` unless the body that came was a whole form with a file."""
        if self._preamble is not None:
            raise Problem("malformed", "the multipart body does not hold the boundary that its Content-Type names")
        if not self._found:
            raise no_file(f"the form has no part named {FIELD!r}")
        if not self._ended:
            raise Problem("malformed", "the multipart body ends too early")

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise Problem("malformed", f"the form has more than {_MAX_PARTS} parts; send the video alone")
        self._is_file = False
        self._header_bytes = 0
        self._name = self._value = b""
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        disposition = parse_options_header(self._headers.get(b"content-disposition"))[1]
        name = disposition.get(b"name", b"").decode(errors="replace")
        if name in self._parameters:
            raise Problem("malformed", f"the form's field {name!r} is not read; put it into the address: ?{name}=…")
        if name != FIELD:
            return
        if self._found:
            raise Problem("malformed", f"the form has more than one part named {FIELD!r}; send one video a request")
        self._is_file = self._found = True
        self.named = b"filename" in disposition
        self._check_coding()

    def _check_coding(self) -> None:
        """Raise the problem `encoded` if the part's bytes are not the file's (RFC 7578, section 4.7)."""
        for name in (b"content-transfer-encoding", b"content-encoding"):
            coding = self._headers.get(name, b"binary").strip().lower()
            if coding not in (b"binary", b"8bit", b"7bit", b"identity"):
                said = f"{name.decode().title()}: {coding.decode(errors='replace')}"
                raise Problem("encoded", f"the part {FIELD!r} is sent with {said}; send the file as it is")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._write(data[start:end])

    def _on_end(self) -> None:
        self._ended = True

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _MAX_HEADER_BYTES:
            raise Problem("malformed", "a part of the form has too long a header")


class Preamble:
    """What may stand before a form's first boundary and is to be ignored (RFC 2046, section 5.1.1)."""

    def __init__(self, boundary: bytes) -> None:
        self._line = re.compile(rb"\r\n--" + re.escape(boundary) + rb"(?=--|[ \t]{0,%d}\r\n)" % _PADDING)
        self._longest = len(boundary) + 6 + _PADDING  # of what the expression looks at
        self._kept = b"\r\n"  # the end of what came, in which a boundary may begin; so may it at the body's start

    def skip(self, chunk: bytes) -> bytes:
        """Take in a piece of the body; return what there is of it from the first boundary on."""
        self._kept += chunk
        found = self._line.search(self._kept)
        if found:
            return self._kept[found.start() + 2 :]
        self._kept = self._kept[-self._longest + 1 :]
        return b""
