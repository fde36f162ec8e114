"""Large MP4 files by their index: the same clip as by reading them to their end, which is done where it won't do."""

from pathlib import Path
from typing import Any

import pytest

from tests.videos import make_video
from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, decode, index, reader
from videoxception.video.packets import PacketTable, read_packets

LARGE = Limits(memory=1)  # to which every file is


def make_phone(path: Path, **how: Any) -> Path:
    """Like a phone's: without B-frames."""
    return make_video(path, "libx264", 60, moving=True, options={"bf": "0", "preset": "ultrafast"}, **how)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that were read to their end."""
    seen: list[str] = []

    def spy(*arguments: Any) -> PacketTable:
        seen.append("to its end")
        return read_packets(*arguments)

    monkeypatch.setattr(index, "read_packets", spy)
    monkeypatch.setattr(reader.read_video.__wrapped__, "__defaults__", (spy,))
    return seen


def same(path: Path) -> Clip:
    """The clip, after a check that it is that of the whole file in memory."""
    clip, whole = decode(path, ClipSpec(), LARGE), decode(path, ClipSpec(), planned=False)
    assert clip.frames.tobytes() == whole.frames.tobytes()
    assert (clip.timestamps, clip.duration, clip.warnings) == (whole.timestamps, whole.duration, whole.warnings)
    return clip


@pytest.mark.parametrize("times", [None, [k * 3 + (k // 7) * 40 for k in range(60)]], ids=["constant", "variable"])
def test_a_file_without_b_frames_is_not_read_to_its_end(
    times: list[int] | None, read: list[str], tmp_path: Path
) -> None:
    path = make_phone(tmp_path / "clip.mp4", times=times)
    assert decode(path, ClipSpec(), LARGE).planned
    assert read == []
    same(path)


@pytest.mark.parametrize(
    ("name", "codec", "how"),
    [
        ("B-frames.mp4", "libx264", {}),
        ("fragments.mp4", "libx264", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
        ("types.mp4", "mpeg4", {}),
    ],
)
def test_other_files_are_read_to_their_end(
    name: str, codec: str, how: dict[str, Any], read: list[str], tmp_path: Path
) -> None:
    path = make_video(tmp_path / name, codec, 30, moving=True, **how)
    decode(path, ClipSpec(), LARGE)
    assert read == ["to its end"]
    same(path)


@pytest.mark.parametrize("wrong", ["times", "offsets"])
def test_an_index_that_is_wrong_is_noticed(
    wrong: str, read: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, of_index = make_phone(tmp_path / "clip.mp4"), index._of_index

    def planted(*arguments: Any) -> PacketTable:
        table = of_index(*arguments)
        getattr(table, wrong)[30:] = [value + 1 for value in getattr(table, wrong)[30:]]
        return table

    monkeypatch.setattr(index, "_of_index", planted)
    assert same(path).planned
    assert read.count("to its end") == 2  # by `same`, once for each way


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(read: list[str], tmp_path: Path) -> None:
    path = make_phone(tmp_path / "clip.mp4", container_options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[:-2000])
    clip, in_memory = decode(path, ClipSpec(), LARGE), decode(path, ClipSpec())
    assert clip.frames.tobytes() == in_memory.frames.tobytes()
    assert clip.warnings == in_memory.warnings == ("truncated",)
    assert read == ["to its end"] * 2
