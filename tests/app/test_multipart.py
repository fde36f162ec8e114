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


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_the_file_is_found_however_the_body_is_cut(size: int) -> None:
    found = bytearray()
    reader, content = FormReader(b"a-boundary", found.extend), body()
    for start in range(0, len(content), size):
        reader.write(content[start : start + size])
    assert bytes(found) == FILE
    assert reader.found
    assert reader.ended


def test_a_form_that_is_cut_short_has_not_ended() -> None:
    reader = FormReader(b"a-boundary", bytearray().extend)
    reader.write(body().removesuffix(b"a-boundary--\r\n"))
    assert (reader.found, reader.ended) == (True, False)


def test_a_form_without_the_part_gives_nothing() -> None:
    found = bytearray()
    reader = FormReader(b"a-boundary", found.extend)
    reader.write(body().replace(b'name="file"', b'name="video"'))
    assert (bytes(found), reader.found, reader.ended) == (b"", False, True)


def test_what_the_file_s_writer_raises_comes_through() -> None:
    def fail(chunk: bytes) -> None:
        raise OSError("planted")

    with pytest.raises(OSError, match="planted"):
        FormReader(b"a-boundary", fail).write(body())


def test_another_boundary_is_malformed() -> None:
    with pytest.raises(Problem) as caught:
        FormReader(b"another", bytearray().extend).write(body())
    assert caught.value.kind == "malformed"
