"""Reading again, and only what is needed: the very packets that a whole reading gives, or none."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tests.videos import make_video
from videoxception.clip import ClipSpec
from videoxception.video import Limits, decode
from videoxception.video.container import open_video
from videoxception.video.packets import Deadline, PacketTable, payload, read_packets
from videoxception.video.seek import SeekFailed, can_seek, needed_packets

KINDS = {
    "h264 in mp4": ("clip.mp4", "libx264", {"options": {"bf": "3"}}),
    "h264 open groups": ("clip.mp4", "libx264", {"options": {"x264-params": "open-gop=1:scenecut=0:bframes=3"}}),
    "fragmented mp4": ("clip.mp4", "libx264", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "hevc in mkv": ("clip.mkv", "libx265", {"options": {"x265-params": "log-level=none:keyint=12"}}),
    "vp9 in webm": ("clip.webm", "libvpx-vp9", {}),
    "mpeg4 in avi": ("clip.avi", "mpeg4", {}),
}
LIMITS = Limits()


def deadline() -> Deadline:
    return Deadline(LIMITS, lambda: False)


def read_whole(path: Path) -> tuple[PacketTable, list[bytes]]:
    """The table of a file's packets, and what they hold."""
    with path.open("rb") as file, open_video(file, LIMITS) as (container, stream):
        table = read_packets(container, stream, LIMITS, deadline())
        assert table.kept is not None
        return table, [bytes(packet) for packet in table.kept]


def read_needed(path: Path, table: PacketTable, needed: bytearray) -> dict[int, bytes]:
    """What the packets hold that are read by seeking."""
    with path.open("rb") as file, open_video(file, LIMITS) as (container, stream):
        return {n: bytes(packet) for n, packet in needed_packets(container, stream, table, needed, deadline())}


def groups(table: PacketTable, *chosen: int) -> bytearray:
    """Marks the first four packets of each of the chosen groups."""
    keys = [number for number, key in enumerate(table.keys) if key]
    marked = {keys[group] + i for group in chosen for i in range(4)}
    return bytearray(number in marked for number in range(len(table)))


@pytest.mark.parametrize("kind", KINDS)
def test_seeking_brings_the_packets_of_a_whole_reading(kind: str, tmp_path: Path) -> None:
    name, codec, how = KINDS[kind]
    path = make_video(tmp_path / name, codec, 150, gop=12, moving=True, **how)
    table, packets = read_whole(path)
    assert can_seek(table)
    needed = groups(table, 0, 3, 7)
    assert read_needed(path, table, needed) == {n: packets[n] for n in range(150) if needed[n]}


def test_the_packets_in_between_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 600, gop=12, moving=True)
    table, _ = read_whole(path)
    read = []

    def watched(*of: object) -> object:
        for packet in payload(*of):  # type: ignore[arg-type]
            read.append(packet)
            yield packet

    monkeypatch.setattr("videoxception.video.seek.payload", watched)
    read_needed(path, table, groups(table, 0, 30))
    assert len(read) == 8


def test_a_table_of_another_file_is_noticed(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 150, gop=12, moving=True)
    table, _ = read_whole(path)
    needed = groups(table, 5)
    elsewhere = PacketTable(table.times, table.keys, table.roles, [offset + 1 for offset in table.offsets])
    later = PacketTable([time and time + 1 for time in table.times], table.keys, table.roles, table.offsets)
    for wrong in (elsewhere, later):
        with pytest.raises(SeekFailed):
            read_needed(path, wrong, needed)


def test_places_that_are_unknown_or_the_same_lead_nowhere() -> None:
    assert can_seek(PacketTable([0, 1], bytearray(2), bytearray(2), [10, 20]))
    assert not can_seek(PacketTable([0, 1], bytearray(2), bytearray(2), [10, 10]))
    assert not can_seek(PacketTable([0, 1], bytearray(2), bytearray(2), [10, -1]))


def test_a_seek_that_fails_costs_no_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 150, gop=12, moving=True)
    kept = decode(path, ClipSpec())

    def astray(*_: object) -> object:
        raise SeekFailed
        yield

    monkeypatch.setattr(import_module("videoxception.video.reader"), "needed_packets", astray)
    again = decode(path, ClipSpec(), Limits(memory=1))
    assert np.array_equal(again.frames, kept.frames)
    assert again.planned


@pytest.mark.parametrize("kind", ["h264 in mp4", "h264 open groups", "hevc in mkv"])
def test_frames_that_the_decoder_holds_back_survive_a_seek(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, codec, how = KINDS[kind]
    path = make_video(tmp_path / name, codec, 150, gop=12, moving=True, **how)
    kept = decode(path, ClipSpec())

    def never(*_: object) -> object:
        raise AssertionError("the file was read again from its start")

    monkeypatch.setattr(import_module("videoxception.video.reader"), "payload", never)
    again = decode(path, ClipSpec(), Limits(memory=1))
    assert np.array_equal(again.frames, kept.frames)
    assert again.planned
