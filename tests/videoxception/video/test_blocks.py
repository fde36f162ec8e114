"""The blocks of a Matroska file: found by their headers, or the file has others than simple ones."""

from pathlib import Path

import pytest

from videoxception.video import Limits, Stopped
from videoxception.video.blocks import Blocks, NotBlocks, blocks_of
from videoxception.video.packets import Deadline

LIMITS = Limits()
UNKNOWN = b"\xff"  # a size


def element(name: str, content: bytes, size: bytes | None = None) -> bytes:
    return bytes.fromhex(name) + (size or (0x4000 | len(content)).to_bytes(2)) + content


def block(time: int, key: bool = False, track: int = 1, lacing: int = 0) -> bytes:
    content = bytes([0x80 | track]) + time.to_bytes(2, signed=True) + bytes([key << 7 | lacing]) + b"frame"
    return element("a3", content)


def cluster(time: int, *parts: bytes, size: bytes | None = None) -> bytes:
    return element("1f43b675", element("e7", time.to_bytes(2)) + b"".join(parts), size)


def matroska(*parts: bytes, size: bytes | None = None) -> bytes:
    return element("1a45dfa3", b"header") + element("18538067", b"".join(parts), size)


def found(path: Path, content: bytes, most: int = 100, stopped: bool = False) -> Blocks:
    path.write_bytes(content)
    with path.open("rb") as file:
        return blocks_of(file.fileno(), 1, 2, most, Deadline(LIMITS, lambda: stopped))


@pytest.mark.parametrize("size", [None, UNKNOWN])
def test_times_are_those_of_the_clusters_and_the_blocks(size: bytes | None, tmp_path: Path) -> None:
    clusters = [
        cluster(1000, element("ab", b"1"), block(0, key=True), block(7, track=2), block(40), size=size),
        cluster(2000, block(-10), element("ec", b"void"), size=size),
    ]
    content = matroska(element("114d9b74", b"seek"), *clusters, element("1c53bb6b", b"cues"), size=size)
    blocks = found(tmp_path / "clip", content)
    assert (blocks.times, blocks.keys) == ([1000, 1040, 1990], bytearray([1, 0, 0]))
    assert [content[at + 4 : at + 9] for at in blocks.offsets] == [b"frame"] * 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1a\x45\xdf\xa3",
        bytes(100),
        element("1a45dfa3", b"header"),
        matroska(cluster(0, block(0)))[:-1],
        matroska(cluster(0, block(0))) + b"tail",
        matroska(cluster(0, block(0))) + matroska(),
        matroska(block(0)),
        matroska(element("1f43b675", block(0))),
        matroska(cluster(0, block(-1))),
        matroska(cluster(0, block(0, lacing=2))),
        matroska(cluster(0, element("a0", element("a1", b"\x81\0\0\0frame")))),
        matroska(cluster(0, block(0, track=3))),
        matroska(cluster(0, block(0, track=0))),
        matroska(cluster(0, block(0, track=2, lacing=6))),
        matroska(cluster(0, element("a3", b"\x81\0\0\0"))),
        matroska(cluster(0, element("ab", bytes(9)), block(0))),
        matroska(cluster(0, block(0)), element("1c53bb6b", b"cues"), cluster(0, block(0))),
        matroska(cluster(0, block(0)), size=b"\x90"),
        matroska(cluster(0, element("af", b"encrypted"))),
        matroska(cluster(0, b"\xa3\0\0\0\0\0\0\0\0\0\0\0")),
        matroska(cluster(0, element("a3", b"\x81\0\0\0", UNKNOWN))),
        matroska(cluster(0, block(0), element("a3", b"\x81\0\0\0", b"\x90"))),
        matroska(element("1254c367", b"tags", UNKNOWN)),
    ],
)
def test_anything_else_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotBlocks):
        found(tmp_path / "clip", content)


def test_there_may_not_be_too_many_elements(tmp_path: Path) -> None:
    content = matroska(cluster(0, *[block(k) for k in range(48)]))
    assert len(found(tmp_path / "clip", content, most=50).times) == 48
    with pytest.raises(NotBlocks):
        found(tmp_path / "clip", content, most=49)


def test_the_caller_can_stop_it(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        found(tmp_path / "clip", matroska(cluster(0, block(0))), stopped=True)
