from collections.abc import Callable

import httpx
import pytest

from app.multipart import FormReader
from app.problems import Problem

FILE = b"\r\n--a\r\n--" + bytes(range(256))  # begins like a boundary
FORM = {"title": (None, b"not the file"), "file": ("clip.mp4", FILE), "other": ("file", b"not the file either")}


def body(boundary: str = "a-boundary") -> bytes:
    """A form, encoded by httpx."""
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return httpx.Request("POST", "http://x", files=FORM, headers=headers).read()


def refusal(act: Callable[[], object]) -> tuple[str, str]:
    """The kind and the detail of the problem that something ends with."""
    with pytest.raises(Problem) as caught:
        act()
    return caught.value.kind, caught.value.detail


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_the_file_is_found_however_the_body_is_cut(size: int) -> None:
    found = bytearray()
    reader, content = FormReader(b"a-boundary", found.extend), body()
    for start in range(0, len(content), size):
        reader.write(content[start : start + size])
    assert bytes(found) == FILE
    reader.check_complete()


def test_a_form_that_is_cut_short_has_not_ended() -> None:
    reader = FormReader(b"a-boundary", bytearray().extend)
    reader.write(body().removesuffix(b"a-boundary--\r\n"))
    assert refusal(reader.check_complete) == ("malformed", "the multipart body ends too early")


def test_a_form_without_the_part_gives_nothing() -> None:
    found = bytearray()
    reader = FormReader(b"a-boundary", found.extend)
    reader.write(body().replace(b'name="file"', b'name="video"'))
    assert bytes(found) == b""
    assert refusal(reader.check_complete)[0] == "no-file"


def test_what_the_file_s_writer_raises_comes_through() -> None:
    def fail(chunk: bytes) -> None:
        raise OSError("planted")

    with pytest.raises(OSError, match="planted"):
        FormReader(b"a-boundary", fail).write(body())


def test_another_boundary_is_malformed() -> None:
    reader = FormReader(b"another", bytearray().extend)
    reader.write(body())
    kind, detail = refusal(reader.check_complete)
    assert kind == "malformed"
    assert "does not hold the boundary" in detail


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    "preamble",
    [
        b"This is a form.\r\n",
        b"\r\n\r\n",
        b"--a-boundary is its boundary, --a-boundary--\r\n--a-boundary-longer\r\n",
        bytes(range(256)) + b"\r\n--a-boundar\r\n",
        b"\r\n" * 5000,
    ],
)
def test_a_preamble_and_an_epilogue_are_ignored(preamble: bytes, size: int) -> None:
    """RFC 2046, section 5.1.1; a boundary is a whole line."""
    found = bytearray()
    reader, content = FormReader(b"a-boundary", found.extend), preamble + body() + b"An epilogue.\r\n--a-boundary\r\n"
    for start in range(0, len(content), size):
        reader.write(content[start : start + size])
    reader.check_complete()
    assert bytes(found) == FILE


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("padding", [b" ", b"\t  "])
def test_a_padded_first_boundary_is_no_preamble(padding: bytes, size: int) -> None:
    """RFC 2046, section 5.1.1, allows it; a parser that does not must not pass over the part behind it."""
    content = body().replace(b"--a-boundary\r\n", b"--a-boundary" + padding + b"\r\n", 1) + body()
    reader = FormReader(b"a-boundary", bytearray().extend)
    kind, detail = refusal(lambda: [reader.write(content[start : start + size]) for start in range(0, 100, size)])
    assert kind == "malformed"
    assert "boundary" in detail


DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="clip.mp4"'


@pytest.mark.parametrize("header", [b"Content-Transfer-Encoding: base64", b"content-encoding:GZIP"])
@pytest.mark.parametrize("first", [True, False])
def test_a_part_that_is_not_sent_as_it_is_is_refused(header: bytes, first: bool) -> None:
    headers = header + b"\r\n" + DISPOSITION if first else DISPOSITION + b"\r\n" + header
    reader = FormReader(b"a-boundary", bytearray().extend)
    kind, detail = refusal(lambda: reader.write(body().replace(DISPOSITION, headers)))
    assert kind == "encoded"
    assert header.rpartition(b":")[2].strip().decode().lower() in detail


@pytest.mark.parametrize("coding", [b"binary", b"8bit", b"7bit"])
def test_a_part_may_say_that_it_is_sent_as_it_is(coding: bytes) -> None:
    found = bytearray()
    reader = FormReader(b"a-boundary", found.extend)
    reader.write(body().replace(DISPOSITION, DISPOSITION + b"\r\nContent-Transfer-Encoding: " + coding))
    reader.check_complete()
    assert bytes(found) == FILE
