"""The chunks of an AVI file: found by their headers, or the file is none that consists of them alone."""

from pathlib import Path

import pytest

from videoxception.video import Limits, Stopped
from videoxception.video.chunks import Chunks, NotAChain, chunks_of
from videoxception.video.packets import Deadline

LIMITS = Limits()


def chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def movi(*chunks: bytes) -> bytes:
    return chunk(b"LIST", b"movi" + b"".join(chunks))


def avi(*parts: bytes) -> bytes:
    return chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + bytes(4)) + b"".join(parts))


def found(path: Path, content: bytes, most: int = 100, stopped: bool = False) -> Chunks:
    path.write_bytes(content)
    with path.open("rb") as file:
        return chunks_of(file.fileno(), 0, 2, most, Deadline(LIMITS, lambda: stopped))


PICTURE, EMPTY, SOUND = chunk(b"00dc", b"abc"), chunk(b"00dc", b""), chunk(b"01wb", b"defg")


def test_pictures_are_numbered_and_empty_ones_left_out(tmp_path: Path) -> None:
    content = avi(
        movi(PICTURE, SOUND, EMPTY, chunk(b"ix00", b"i"), chunk(b"JUNK", b""), PICTURE), chunk(b"idx1", b"12")
    )
    chunks = found(tmp_path / "clip", content)
    assert (chunks.numbers, chunks.sizes) == ([0, 2], [3, 3])
    assert [content[at : at + 3] for at in chunks.offsets] == [b"abc", b"abc"]


def test_lists_of_records_and_further_riffs_are_looked_into(tmp_path: Path) -> None:
    more = chunk(b"RIFF", b"AVIX" + movi(SOUND, PICTURE))
    chunks = found(tmp_path / "clip", avi(movi(chunk(b"LIST", b"rec " + PICTURE + SOUND))) + more)
    assert chunks.numbers == [0, 1]


def test_the_last_padding_may_be_missing(tmp_path: Path) -> None:
    assert found(tmp_path / "clip", avi(movi(PICTURE))[:-1]).numbers == [0]


@pytest.mark.parametrize(
    "content",
    [
        avi(movi(PICTURE))[:-2],
        avi(movi(PICTURE)) + b"tail",
        avi(movi(PICTURE)) + b"a longer tail of the file",
        avi(movi(PICTURE, chunk(b"00pc", b"palette "))),
        avi(movi(PICTURE, chunk(b"02wb", b"of no stream"))),
        avi(movi(PICTURE, chunk(b"LIST", b"INFO"))),
        avi(movi(PICTURE, b"\0" + PICTURE)),
    ],
)
def test_anything_else_is_no_chain(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotAChain):
        found(tmp_path / "clip", content)


@pytest.mark.parametrize("content", [b"", b"RIFF", bytes(11), avi(), avi(chunk(b"JUNK", PICTURE))])
def test_a_file_without_packets_has_none(content: bytes, tmp_path: Path) -> None:
    assert found(tmp_path / "clip", content) == ([], [], [])


def test_there_may_not_be_too_many_chunks(tmp_path: Path) -> None:
    content = avi(movi(*[SOUND] * 50))
    assert found(tmp_path / "clip", content).numbers == []
    with pytest.raises(NotAChain):
        found(tmp_path / "clip", content, most=50)


def test_the_caller_can_stop_it(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        found(tmp_path / "clip", avi(movi(PICTURE)), stopped=True)
