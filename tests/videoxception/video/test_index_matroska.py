"""Large Matroska files by their blocks' headers: the table that their packets give, or else the packets are read."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from tests.pipe import Pipe
from tests.tables import LARGE, of_index, of_packets, outcome, same, stands_for_packets, with_sound
from tests.videos import RATE, make_video
from videoxception.clip import ClipSpec
from videoxception.video import Limits, decode, index
from videoxception.video.packets import PacketTable

GAPS = [k * 4 + (k // 7) * 40 for k in range(60)]
PHONE = {"bf": "0", "preset": "ultrafast"}
OPEN = {"x264-params": "open-gop=1:scenecut=0:bframes=3"}
X265 = {"x265-params": "log-level=none:keyint=12"}


def film(path: Path, codec: str = "libx264", **how: Any) -> Path:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    return make_video(path, codec, 60, moving=True, pixel_format=pixels, **how)


def piped(folder: Path) -> Path:
    """Without sizes and cues: their writer could not go back."""
    pipe, path = Pipe(), folder / "clip.mkv"
    with av.open(str(film(folder / "v.mkv"))) as original, av.open(pipe, "w", format="matroska") as copy:
        stream = copy.add_stream_from_template(original.streams.video[0])
        for packet in original.demux(video=0):
            if packet.size:
                packet.stream = stream
                copy.mux(packet)
    path.write_bytes(pipe.content)
    return path


def attached(folder: Path) -> Path:
    """With many clusters and groups of frames, and a font: a stream that is no track."""
    source = film(folder / "v.mkv", options=PHONE, gop=5)
    options = {"cluster_time_limit": "200"}
    return with_sound(source, folder / "clip.mkv", "pcm_s16le", 1, options=options, font=True)


KINDS: dict[str, Callable[[Path], Path]] = {
    "no B-frames": lambda folder: film(folder / "clip.mkv", options=PHONE),
    "B-frames": lambda folder: film(folder / "clip.mkv"),
    "open groups": lambda folder: film(folder / "clip.mkv", options=OPEN),
    "variable": lambda folder: film(folder / "clip.mkv", times=GAPS),
    "hevc": lambda folder: film(folder / "clip.mkv", "libx265", options=X265),
    "mjpeg": lambda folder: film(folder / "clip.mkv", "mjpeg"),
    "cues first": lambda folder: film(folder / "clip.mkv", container_options={"cues_to_front": "1"}),
    "small clusters": lambda folder: film(folder / "clip.mkv", container_options={"cluster_time_limit": "200"}),
    "no cues": lambda folder: film(folder / "clip.mkv", container_options={"live": "1"}),
    "a pipe": piped,
    "sound": lambda folder: with_sound(film(folder / "v.mkv", options=PHONE), folder / "clip.mkv", "pcm_s16le", 1),
    "an attachment": attached,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_headers_give_the_table_of_the_packets(kind: str, tmp_path: Path) -> None:
    stands_for_packets(KINDS[kind](tmp_path))


@pytest.mark.parametrize(("name", "codec"), [("vp9.webm", "libvpx-vp9"), ("vp8.webm", "libvpx"), ("m.mkv", "mpeg4")])
def test_packets_that_may_show_nothing_are_read(name: str, codec: str, tmp_path: Path) -> None:
    path = film(tmp_path / name, codec)
    assert not of_index(path).indexed
    same(path)


@pytest.fixture(scope="module")
def sounding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounding")
    return with_sound(film(folder / "v.mkv", options=PHONE), folder / "clip.mkv", "pcm_s16le", 1)


def places(path: Path) -> list[int]:
    """Where the headers of the video's blocks begin, but the first's: a name, a size of three bytes, and four more."""
    content, offsets = path.read_bytes(), of_packets(path).offsets[1:]
    return [content.rindex(b"\xa3", at - 9, at) for at in offsets]


@pytest.mark.parametrize("seed", range(60))
def test_damage_in_headers_changes_nothing(seed: int, sounding: Path, tmp_path: Path) -> None:
    content, rng, path = bytearray(sounding.read_bytes()), random.Random(seed), tmp_path / "clip.mkv"
    for _ in range(rng.choice([1, 3])):
        content[rng.choice(places(sounding)) + rng.randrange(8)] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    assert outcome(path, LARGE) == outcome(path, Limits())


@pytest.mark.parametrize("seed", range(20))
def test_damage_in_the_cues_changes_nothing(seed: int, sounding: Path, tmp_path: Path) -> None:
    content, rng, path = bytearray(sounding.read_bytes()), random.Random(seed), tmp_path / "clip.mkv"
    start = content.rindex(b"\x1c\x53\xbb\x6b")
    for _ in range(rng.choice([1, 10])):
        content[rng.randrange(start, len(content))] = rng.randrange(256)
    path.write_bytes(content)
    assert outcome(path, LARGE) == outcome(path, Limits())


@pytest.fixture(scope="module")
def with_font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return attached(tmp_path_factory.mktemp("attached"))


@pytest.mark.parametrize("sound", [5, 20, 35])
@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_damaged_track_number_of_a_sound_changes_nothing(
    sound: int, number: int, with_font: Path, tmp_path: Path
) -> None:
    """At a block of no track FFmpeg passes over its cluster's rest; 3 would be the attachment's, were it a track."""
    content, path = bytearray(with_font.read_bytes()), tmp_path / "clip.mkv"
    with av.open(str(with_font)) as container:
        place = [packet.pos for packet in container.demux(audio=0) if packet.size][sound]
    assert content[place] == 0x82
    content[place] = 0x80 | number
    path.write_bytes(content)
    assert of_index(path).indexed == (number == 1)
    assert outcome(path, LARGE) == outcome(path, Limits())
    clip, whole = decode(path, ClipSpec(), LARGE), decode(path, ClipSpec(), planned=False)
    assert clip.frames.tobytes() == whole.frames.tobytes()
    assert (clip.timestamps, clip.duration) == (whole.timestamps, whole.duration)


@pytest.mark.parametrize("seed", range(20))
def test_damage_in_the_tracks_changes_nothing(seed: int, with_font: Path, tmp_path: Path) -> None:
    content, rng, path = bytearray(with_font.read_bytes()), random.Random(seed), tmp_path / "clip.mkv"
    start, end = content.rindex(b"\x16\x54\xae\x6b"), content.rindex(b"\x19\x41\xa4\x69")
    content[rng.randrange(start, end)] = rng.randrange(256)
    path.write_bytes(content)
    assert outcome(path, LARGE) == outcome(path, Limits())


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(share: float, sounding: Path, tmp_path: Path) -> None:
    content, path = sounding.read_bytes(), tmp_path / "clip.mkv"
    path.write_bytes(content[: int(len(content) * share)])
    assert not of_index(path).indexed
    assert outcome(path, LARGE) == outcome(path, Limits())


def test_only_the_ends_are_read(sounding: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> PacketTable:
        raise AssertionError

    monkeypatch.setattr(index, "read_packets", never)
    assert decode(sounding, ClipSpec(), LARGE).duration == 60 / RATE
