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


def entry(number: int, kind: int) -> bytes:
    return element("ae", element("d7", bytes([number])) + element("86", b"codec") + element("83", bytes([kind])))


def tracks(*entries: bytes) -> bytes:
    return element("1654ae6b", element("bf", b"crc") + b"".join(entries))


BOTH = tracks(entry(1, 1), entry(2, 2))  # a video and its sound


def matroska(*parts: bytes, size: bytes | None = None, tracks: bytes = BOTH) -> bytes:
    return element("1a45dfa3", b"header") + element("18538067", tracks + b"".join(parts), size)


def found(
    path: Path,
    content: bytes,
    most: int = 100,
    stopped: bool = False,
    index: int = 0,
    kinds: tuple[str, ...] = ("video", "audio"),
) -> Blocks:
    path.write_bytes(content)
    with path.open("rb") as file:
        return blocks_of(file.fileno(), index, kinds, most, Deadline(LIMITS, lambda: stopped))


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
        matroska(BOTH, cluster(0, block(0))),
        matroska(cluster(0, block(0)), tracks=b""),
        matroska(BOTH, cluster(0, block(0)), tracks=cluster(0, block(0))),
        matroska(cluster(0, b"\xa3\0\0\0\0\0\0\0\0\0\0\0")),
        matroska(cluster(0, element("a3", b"\x81\0\0\0", UNKNOWN))),
        matroska(cluster(0, block(0), element("a3", b"\x81\0\0\0", b"\x90"))),
        matroska(element("1254c367", b"tags", UNKNOWN)),
    ],
)
def test_anything_else_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotBlocks):
        found(tmp_path / "clip", content)


def test_numbers_of_tracks_are_those_of_the_tracks_element(tmp_path: Path) -> None:
    content = matroska(cluster(0, block(0, track=5), block(40, track=9)), tracks=tracks(entry(9, 2), entry(5, 1)))
    assert found(tmp_path / "clip", content, index=1, kinds=("audio", "video", "attachment")).times == [0]


@pytest.mark.parametrize(
    "wrong",
    [
        tracks(),
        tracks(entry(2, 1)),  # the block's number is not there
        tracks(entry(1, 2)),
        tracks(entry(1, 1), entry(2, 0x10)),
        tracks(entry(1, 1), entry(2, 2), entry(3, 2)),
        tracks(entry(1, 1), entry(1, 2)),
        tracks(entry(1, 1), entry(0, 2)),
        tracks(entry(1, 1), entry(127, 2)),
        tracks(entry(1, 1), element("ae", element("d7", b"\2"))),
        tracks(entry(1, 1), element("ae", element("83", b"\2"))),
        tracks(entry(1, 1), element("ae", element("d7", bytes(8) + b"\2") + element("83", b"\2"))),
        tracks(entry(1, 1)[:-1]),
        tracks(element("ae", entry(1, 1)[3:], b"\x8f"), entry(2, 2)),
        element("1654ae6b", entry(1, 1), UNKNOWN),
    ],
)
def test_tracks_that_are_not_the_streams_are_refused(wrong: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotBlocks):
        found(tmp_path / "clip", matroska(cluster(0, block(0)), tracks=wrong))


def test_a_stream_without_a_track_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotBlocks):
        found(tmp_path / "clip", matroska(cluster(0, block(0))), index=2, kinds=("video", "audio", "video"))


def test_there_may_not_be_too_many_elements(tmp_path: Path) -> None:
    content = matroska(cluster(0, *[block(k) for k in range(48)]))
    assert len(found(tmp_path / "clip", content, most=60).times) == 48
    with pytest.raises(NotBlocks):
        found(tmp_path / "clip", content, most=59)


def test_the_caller_can_stop_it(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        found(tmp_path / "clip", matroska(cluster(0, block(0))), stopped=True)
