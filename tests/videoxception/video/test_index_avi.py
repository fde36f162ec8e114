"""Large AVI files by their index (idx1): the table that their packets give, or else the packets are read."""

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.packed import pack
from tests.tables import LARGE, of_index, outcome, same, stands_for_packets, with_sound
from tests.videos import RATE, make_video
from videoxception.clip import ClipSpec
from videoxception.video import Limits, decode, index
from videoxception.video.index import IndexFailed
from videoxception.video.packets import PacketTable

GAPS = [k * 4 + (k // 7) * 40 for k in range(60)]  # for which the muxer writes empty packets


def plain(path: Path, codec: str = "mpeg4", **how: Any) -> Path:
    """Without B-frames."""
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    return make_video(path, codec, 60, moving=True, pixel_format=pixels, **how)


KINDS: dict[str, Callable[[Path], Path]] = {
    "mpeg4": lambda folder: plain(folder / "clip.avi"),
    "one group": lambda folder: plain(folder / "clip.avi", gop=60),
    "empty packets": lambda folder: plain(folder / "clip.avi", times=GAPS),
    "mjpeg": lambda folder: plain(folder / "clip.avi", "mjpeg"),
    "mjpeg, empty packets": lambda folder: plain(folder / "clip.avi", "mjpeg", times=GAPS),
    "pcm": lambda folder: with_sound(plain(folder / "v.avi"), folder / "clip.avi", "pcm_s16le", 1),
    "mp3, twice": lambda folder: with_sound(plain(folder / "v.avi", "mjpeg"), folder / "clip.avi", "libmp3lame", 2),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_index_gives_the_table_of_the_packets(kind: str, tmp_path: Path) -> None:
    stands_for_packets(KINDS[kind](tmp_path))


OTHERS: dict[str, Callable[[Path], Path]] = {
    "B-frames": lambda folder: make_video(folder / "clip.avi", "mpeg4", 60, moving=True, options={"bf": "2"}),
    "packed": lambda folder: pack(
        make_video(folder / "v.avi", "mpeg4", 60, moving=True, options={"bf": "1"}), folder / "clip.avi"
    ),
    "h264": lambda folder: make_video(folder / "clip.avi", "libx264", 60, moving=True, options={"bf": "0"}),
    "mpeg2": lambda folder: make_video(folder / "clip.avi", "mpeg2video", 60, moving=True),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_packets_whose_times_no_index_tells_are_read(kind: str, tmp_path: Path) -> None:
    path = OTHERS[kind](tmp_path)
    assert not of_index(path).indexed
    same(path)


@pytest.fixture(scope="module")
def sounding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounding")
    return with_sound(plain(folder / "v.avi"), folder / "clip.avi", "pcm_s16le", 1)


def entries_of(content: bytes) -> tuple[int, list[tuple[bytes, int, int, int]]]:
    """Where the index begins, and its entries."""
    at = content.rindex(b"idx1")
    size = int.from_bytes(content[at + 4 : at + 8], "little")
    return at, list(struct.iter_unpack("<4sIII", content[at + 8 : at + 8 + size]))


def with_entries(content: bytes, entries: list[tuple[bytes, int, int, int]]) -> bytes:
    """The file with another index at its end."""
    at, _ = entries_of(content)
    packed = b"".join(struct.pack("<4sIII", *entry) for entry in entries)
    whole = content[:at] + b"idx1" + len(packed).to_bytes(4, "little") + packed
    return whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:]


Entries = list[tuple[bytes, int, int, int]]
LIES: dict[str, Callable[[Entries], Entries]] = {
    "none": lambda entries: [],
    "half": lambda entries: entries[: len(entries) // 2],
    "the second half": lambda entries: entries[len(entries) // 2 :],
    "one left out": lambda entries: [*entries[:40], *entries[43:]],
    "outside": lambda entries: [
        (n, f, at + (0x7FFF0000 if k > 20 else 0), s) for k, (n, f, at, s) in enumerate(entries)
    ],
    "all in one place": lambda entries: [(n, f, entries[0][2], s) for n, f, at, s in entries],
    "overlapping": lambda entries: [(n, f, at, s + 9) for n, f, at, s in entries],
    "no sizes": lambda entries: [(n, f, at, 0) for n, f, at, s in entries],
    "huge sizes": lambda entries: [(n, f, at, 0xFFFFFFFF) for n, f, at, s in entries],
    "backwards": lambda entries: entries[::-1],
    "twice": lambda entries: entries * 2,
    "thousands": lambda entries: [*entries, *((b"00dc", 16, 4 + k, 1) for k in range(100_000))],
    "another stream's": lambda entries: [(b"01wb", f, at, s) for n, f, at, s in entries],
    "of no stream": lambda entries: [(b"99dc", f, at, s) for n, f, at, s in entries],
}


@pytest.mark.parametrize("lie", LIES)
def test_an_index_that_lies_is_not_believed(lie: str, sounding: Path, tmp_path: Path) -> None:
    content, path = sounding.read_bytes(), tmp_path / "clip.avi"
    path.write_bytes(with_entries(content, entries_of(content)[1]))
    assert of_index(path).indexed
    path.write_bytes(with_entries(content, LIES[lie](entries_of(content)[1])))
    assert not of_index(path).indexed
    same(path)


@pytest.mark.parametrize("flags", [0, 16], ids=["none", "all"])
def test_keys_that_are_none_cost_no_frame(flags: int, sounding: Path, tmp_path: Path) -> None:
    content, path = sounding.read_bytes(), tmp_path / "clip.avi"
    path.write_bytes(with_entries(content, [(n, flags, at, s) for n, _, at, s in entries_of(content)[1]]))
    same(path)


@pytest.mark.parametrize("seed", range(40))
def test_an_index_with_any_damage_changes_nothing(seed: int, sounding: Path, tmp_path: Path) -> None:
    content, rng, path = bytearray(sounding.read_bytes()), random.Random(seed), tmp_path / "clip.avi"
    start = entries_of(content)[0] + 8
    for _ in range(rng.choice([1, 3, 50])):
        content[rng.randrange(start, len(content))] = rng.randrange(256)
    path.write_bytes(content)
    assert outcome(path, LARGE) == outcome(path, Limits())


def test_a_packet_that_the_index_hides_in_another_is_found(sounding: Path, tmp_path: Path) -> None:
    content, path = sounding.read_bytes(), tmp_path / "clip.avi"
    entries = entries_of(content)[1]
    k = next(k for k, entry in enumerate(entries) if k > 20 and entry[0] == b"00dc")
    (name, flags, at, _), behind = entries[k], entries[k + 2]
    hiding = [*entries[:k], (name, flags, at, behind[2] - at - 8), *entries[k + 2 :]]
    path.write_bytes(with_entries(content, hiding))
    assert not of_index(path).indexed
    same(path)


def test_a_table_that_is_wrong_at_its_ends_is_noticed(
    sounding: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = index._copied

    def later(*arguments: Any, **how: Any) -> Any:
        found = copied(*arguments, **how)
        found.times[:] = [time + 1 for time in found.times]
        return found

    monkeypatch.setattr(index, "_copied", later)
    with pytest.raises(IndexFailed):
        of_index(sounding)
    same(sounding)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(share: float, sounding: Path, tmp_path: Path) -> None:
    content, path = sounding.read_bytes(), tmp_path / "clip.avi"
    path.write_bytes(content[: int(len(content) * share)])
    assert not of_index(path).indexed
    same(path)


def test_only_the_ends_are_read(sounding: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> PacketTable:
        raise AssertionError

    monkeypatch.setattr(index, "read_packets", never)
    assert decode(sounding, ClipSpec(), LARGE).duration == 60 / RATE
