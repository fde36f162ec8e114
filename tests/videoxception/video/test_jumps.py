"""Reading again, and only what is needed: the very packets that a whole reading gives, or none."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tests.videos import make_video
from videoxception.clip import ClipSpec
from videoxception.video import Limits, decode
from videoxception.video.jumps import Lost, can_jump, needed_packets
from videoxception.video.packets import Patience, Reel, payload, read_reel
from videoxception.video.source import open_video

KINDS = {
    "h264 in mp4": ("clip.mp4", "libx264", {"options": {"bf": "3"}}),
    "h264 open groups": ("clip.mp4", "libx264", {"options": {"x264-params": "open-gop=1:scenecut=0:bframes=3"}}),
    "fragmented mp4": ("clip.mp4", "libx264", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "hevc in mkv": ("clip.mkv", "libx265", {"options": {"x265-params": "log-level=none:keyint=12"}}),
    "vp9 in webm": ("clip.webm", "libvpx-vp9", {}),
    "mpeg4 in avi": ("clip.avi", "mpeg4", {}),
}
LIMITS = Limits()


def patience() -> Patience:
    return Patience(LIMITS, lambda: False)


def read_whole(path: Path) -> tuple[Reel, list[bytes]]:
    """The table of a file's packets, and what they hold."""
    with path.open("rb") as file, open_video(file, LIMITS) as (container, stream):
        reel = read_reel(container, stream, LIMITS, patience())
        assert reel.kept is not None
        return reel, [bytes(packet) for packet in reel.kept]


def read_needed(path: Path, reel: Reel, needed: bytearray) -> dict[int, bytes]:
    """What the packets hold that are read by jumping."""
    with path.open("rb") as file, open_video(file, LIMITS) as (container, stream):
        return {n: bytes(packet) for n, packet in needed_packets(container, stream, reel, needed, patience())}


def groups(reel: Reel, *chosen: int) -> bytearray:
    """Marks the first four packets of each of the chosen groups."""
    keys = [number for number, key in enumerate(reel.keys) if key]
    marked = {keys[group] + i for group in chosen for i in range(4)}
    return bytearray(number in marked for number in range(len(reel)))


@pytest.mark.parametrize("kind", KINDS)
def test_jumps_bring_the_packets_of_a_whole_reading(kind: str, tmp_path: Path) -> None:
    name, codec, how = KINDS[kind]
    path = make_video(tmp_path / name, codec, 150, gop=12, moving=True, **how)
    reel, packets = read_whole(path)
    assert can_jump(reel)
    needed = groups(reel, 0, 3, 7)
    assert read_needed(path, reel, needed) == {n: packets[n] for n in range(150) if needed[n]}


def test_the_packets_in_between_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 600, gop=12, moving=True)
    reel, _ = read_whole(path)
    read = []

    def watched(*of: object) -> object:
        for packet in payload(*of):  # type: ignore[arg-type]
            read.append(packet)
            yield packet

    monkeypatch.setattr("videoxception.video.jumps.payload", watched)
    read_needed(path, reel, groups(reel, 0, 30))
    assert len(read) == 8


def test_a_table_of_another_file_is_noticed(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 150, gop=12, moving=True)
    reel, _ = read_whole(path)
    needed = groups(reel, 5)
    elsewhere = Reel(reel.times, reel.keys, reel.discarded, [place + 1 for place in reel.places])
    later = Reel([time and time + 1 for time in reel.times], reel.keys, reel.discarded, reel.places)
    for wrong in (elsewhere, later):
        with pytest.raises(Lost):
            read_needed(path, wrong, needed)


def test_places_that_are_unknown_or_the_same_lead_nowhere() -> None:
    assert can_jump(Reel([0, 1], bytearray(2), bytearray(2), [10, 20]))
    assert not can_jump(Reel([0, 1], bytearray(2), bytearray(2), [10, 10]))
    assert not can_jump(Reel([0, 1], bytearray(2), bytearray(2), [10, -1]))


def test_a_jump_that_fails_costs_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 150, gop=12, moving=True)
    kept = decode(path, ClipSpec())

    def astray(*_: object) -> object:
        raise Lost
        yield

    monkeypatch.setattr(import_module("videoxception.video.decode"), "needed_packets", astray)
    again = decode(path, ClipSpec(), Limits(memory=1))
    assert np.array_equal(again.frames, kept.frames)
    assert again.planned
