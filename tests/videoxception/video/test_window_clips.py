"""Windows of a video, each against the same stretch cut out as a file of its own.

A cut is made in two ways. Where every packet is a key frame, or a window is a group of frames, its packets are copied.
Else the frames that PyAV's own loop decodes are coded again without loss, each by itself, into a MOV file, which keeps
times and durations whatever they are.
"""

import random
from bisect import bisect_left
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median_low

import av
import numpy as np
import pytest

from tests.numbered import Coded, coded, mux, numbers
from tests.videos import make_video
from tests.videoxception.video.test_timelines import B_FRAMES, CONTAINERS, MS, draw
from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, Stopped, TooLong, TooManyWindows, decode
from videoxception.video.window_clips import WindowClip, decode_windows
from videoxception.windows import Asked, Windows

SPEC = ClipSpec()
FIVE = ClipSpec(frames=5)


def windows_of(
    path: Path, asked: Asked, spec: ClipSpec = SPEC, limits: Limits | None = None
) -> tuple[list[WindowClip], Clip]:
    """The clips of a file's windows, and that of the whole."""
    with path.open("rb") as file:
        *windows, whole = decode_windows(file, spec, asked, limits)
    assert isinstance(whole, Clip)
    return [window for window in windows if isinstance(window, WindowClip)], whole


def check_cut(window: WindowClip, cut: Clip, start: float) -> None:
    """The window is what a file gives that begins with the frame that is shown at `start`."""
    assert numbers(window.frames) == numbers(cut.frames)
    assert np.array_equal(window.frames, cut.frames)
    assert window.timestamps == pytest.approx([start + time for time in cut.timestamps], abs=1e-6)


class Source:
    """A video as PyAV's own loop decodes it: its frames in the order shown, their times, and how long each lasts."""

    def __init__(self, path: Path) -> None:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            durations = {p.pts: p.duration or 0 for p in container.demux(stream) if p.size}
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert stream.time_base is not None
            self.tick = stream.time_base
            self.frames = sorted(container.decode(stream), key=lambda frame: frame.pts or 0)
        self.times = [frame.pts or 0 for frame in self.frames]
        hidden = len(durations) > len(self.frames)  # then FFmpeg's durations count from and to what is not shown
        self.durations = [0 if hidden else durations[time] for time in self.times]

    def part(self, start: Fraction, end: Fraction) -> range:
        """The numbers of the frames of a window."""
        first, behind = (
            bisect_left([(time - self.times[0]) * self.tick for time in self.times], moment) for moment in (start, end)
        )
        return range(first, behind)

    def seconds(self, number: int) -> float:
        return float((self.times[number] - self.times[0]) * self.tick)

    def cut(self, part: range, target: Path) -> Path:
        """Write frames losslessly, with their times, each lasting as long as it did."""
        times = [self.times[k] - self.times[part[0]] for k in part]
        last = self.durations[part[-1]] or median_low([b - a for a, b in pairwise(times)] or [1])
        with av.open(str(target), "w") as output:
            stream = output.add_stream("libx264", rate=25, options={"qp": "0", "preset": "ultrafast", "bf": "0"})
            stream.width, stream.height = self.frames[0].width, self.frames[0].height
            stream.pix_fmt = self.frames[0].format.name
            stream.codec_context.time_base, stream.codec_context.gop_size = self.tick, 1
            stream.codec_context.color_range = self.frames[0].color_range
            packets = []
            for k, time in zip(part, times, strict=True):
                frame = self.frames[k]
                frame.pts, frame.time_base = time, self.tick
                frame.pict_type = 0
                packets += stream.encode(frame)
            packets += stream.encode(None)
            for packet, duration in zip(packets, [*(b - a for a, b in pairwise(times)), last], strict=True):
                packet.duration = duration
                output.mux(packet)
        return target


def check_against_cuts(path: Path, asked: Windows, folder: Path, most: int = 6) -> None:
    """Check windows, or of many a sample, against lossless cuts, and the whole against the usual clip."""
    source = Source(path)
    windows, whole = windows_of(path, asked)
    assert np.array_equal(whole.frames, decode(path, SPEC).frames)
    starts = [Fraction(str(asked.step)) * i for i in range(asked.count(whole.duration or 0.0))]
    length = Fraction(str(asked.length))
    parts = [part for start in starts if (part := source.part(start, start + length))]
    assert len(windows) == len(parts) == windows[0].count
    for i in sorted(random.Random(0).sample(range(len(parts)), min(most, len(parts)))):
        cut = decode(source.cut(parts[i], folder / "cut.mov"), SPEC)
        check_cut(windows[i], cut, source.seconds(parts[i][0]))


def check_kind(kind: str, seed: int, folder: Path) -> None:
    name, codec, options, able = CONTAINERS[kind]
    rng = random.Random(f"windows of {kind} {seed}")
    drawn = draw(rng, codec, able - {"equal"})
    early = {"avoid_negative_ts": "disabled"} if drawn.times[0] < 0 else {}
    unit = 40 if "even" in able else 1  # milliseconds
    times = [time // unit for time in drawn.times]
    mux(folder / name, drawn.video, times, time_base=unit * MS, options=options | early)
    length = rng.choice([0.3, 0.5, 0.77, 1.2])
    check_against_cuts(folder / name, Windows(length, round(length / rng.choice([1, 2, 3]), 3)), folder)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_window_is_the_stretch_cut_out(kind: str, tmp_path: Path) -> None:
    for seed in range(2):
        check_kind(kind, seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_window_is_the_stretch_cut_out_of_many(kind: str, tmp_path: Path) -> None:
    for seed in range(2, 60):
        check_kind(kind, seed, tmp_path)


CODECS = {
    "hevc": ("clip.mp4", "libx265", {"options": {"x265-params": "log-level=none:keyint=12"}}),
    "open groups": ("clip.mkv", "libx264", {"options": {"x264-params": "open-gop=1:scenecut=0:bframes=3"}}),
    "vp9": ("clip.webm", "libvpx-vp9", {"options": {"deadline": "realtime", "cpu-used": "8"}}),
    "av1": ("clip.mkv", "libsvtav1", {"options": {"preset": "12", "svtav1-params": "keyint=12"}}),
    "B-frames in avi": ("clip.avi", "mpeg4", {"options": {"bf": "2"}}),
    "mpeg2 in mpeg": ("clip.mpg", "mpeg2video", {}),
}


@pytest.mark.parametrize("kind", CODECS)
def test_whatever_the_codec(kind: str, tmp_path: Path) -> None:
    name, codec, how = CODECS[kind]
    path = make_video(tmp_path / name, codec, 60, **how)
    source = Source(path)
    windows, _ = windows_of(path, Windows(1.0, 0.7))
    for i in (0, 2):
        part = range(round(i * 17.5), min(60, round(i * 17.5) + 25))
        cut = decode(source.cut(part, tmp_path / "cut.mov"), SPEC)
        assert np.array_equal(windows[i].frames, cut.frames)


def copy_packets(path: Path, target: Path, first: Fraction, behind: Fraction) -> None:
    """Copy the packets of a stretch, in seconds since the first frame, into a file of their own."""
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        stream = source.streams.video[0]
        written = output.add_stream_from_template(stream)
        assert stream.time_base is not None
        packets = [packet for packet in source.demux(stream) if packet.size]
        start = min(packet.pts for packet in packets)
        kept = [packet for packet in packets if first <= (packet.pts - start) * stream.time_base < behind]
        start = min(packet.pts for packet in kept)
        for packet in kept:
            packet.pts, packet.stream = packet.pts - start, written
            packet.dts = None if packet.dts is None else packet.dts - start
            output.mux(packet)


# Every packet a key frame: what can be cut anywhere. Where times vary, the container keeps the last one's duration.
ALONE = {
    "mp4": ("clip.mp4", "libx264", True),
    "mov": ("clip.mov", "mjpeg", True),
    "matroska": ("clip.mkv", "libx264", False),
    "transport stream": ("clip.ts", "mpeg2video", False),
    "flv": ("clip.flv", "libx264", False),
}


@pytest.mark.parametrize("kind", ALONE)
def test_a_window_is_a_copy_of_its_packets(kind: str, tmp_path: Path) -> None:
    name, codec, varies = ALONE[kind]
    rng = random.Random(kind)
    steps = [rng.randint(5, 120) if varies else 40 for _ in range(60)]
    times = [sum(steps[:k]) for k in range(60)]
    options = (("bf", "0"),) if codec == "libx264" else ()
    mux(tmp_path / name, coded(codec, 60, *options, gop=1), times)
    windows, _ = windows_of(tmp_path / name, Windows(0.9, 0.3))
    for i in range(0, len(windows), 3):
        copy_packets(tmp_path / name, tmp_path / f"cut-{name}", Fraction(i * 3, 10), Fraction(i * 3 + 9, 10))
        cut = decode(tmp_path / f"cut-{name}", SPEC)
        check_cut(windows[i], cut, windows[i].timestamps[0] - cut.timestamps[0])


def test_a_window_of_an_avi_file_is_a_copy_of_its_packets(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.avi", "mjpeg", 60, pixel_format="yuvj420p")
    windows, _ = windows_of(path, Windows(0.9, 0.3))
    copy_packets(path, tmp_path / "cut.avi", Fraction(9, 10), Fraction(18, 10))
    assert np.array_equal(windows[3].frames, decode(tmp_path / "cut.avi", SPEC).frames)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
def test_a_window_of_a_group_of_frames_is_a_copy_of_its_packets(name: str, tmp_path: Path) -> None:
    """Groups of 12 frames with B-frames among them: 0.48 s each."""
    even = ("x264-params", "scenecut=0:keyint=12:min-keyint=12:bframes=2")
    mux(tmp_path / name, coded("libx264", 60, even, gop=12), [40 * k for k in range(60)])
    windows, _ = windows_of(tmp_path / name, Windows(0.48, 0.48))
    assert len(windows) == 5
    for i, window in enumerate(windows):
        copy_packets(tmp_path / name, tmp_path / f"cut-{name}", Fraction(48 * i, 100), Fraction(48 * i + 48, 100))
        check_cut(window, decode(tmp_path / f"cut-{name}", SPEC), 0.48 * i)


def test_edit_lists_that_hide_a_start_in_the_middle_of_a_group(tmp_path: Path) -> None:
    """The first 7 frames are decoded for the others, and not shown: windows count from the 8th."""
    path = tmp_path / "clip.mp4"
    times = [40 * (k - 7) for k in range(60)]
    mux(path, coded("libx264", 60, B_FRAMES), times, options={"avoid_negative_ts": "disabled"})
    windows, whole = windows_of(path, Windows(1.0, 1.0), FIVE)
    assert [numbers(window.frames) for window in windows[:2]] == [[9, 14, 19, 24, 29], [34, 39, 44, 49, 54]]
    assert whole.duration == pytest.approx(53 / 25)


def test_a_frame_that_windows_share_is_decoded_once(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 100, options={"bf": "0"})
    windows, whole = windows_of(path, Windows(2.0, 0.1))
    assert len(windows) == 40
    assert whole.decoded <= 100
    assert whole.planned


def test_windows_come_while_the_rest_is_not_decoded_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, checks = make_video(tmp_path / "clip.mp4", "libx264", 500), 0

    def stopped() -> bool:
        nonlocal checks
        checks += 1
        return False

    with path.open("rb") as file:
        windows = decode_windows(file, SPEC, Windows(1.0, 1.0), stopped=stopped)
        next(windows)
        first = checks
        assert len(list(windows)) == 20
    assert checks - first > 400  # of some 1,000 packets that are read or decoded


def test_packets_that_are_not_kept_are_read_again(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 150, gop=30, moving=True)
    kept, again = (windows_of(path, Windows(1.0, 0.5), limits=Limits(memory=memory)) for memory in (2**26, 1))
    assert [len(kept[0]), len(again[0])] == [12, 12]
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(kept[0], again[0], strict=True))


def test_a_plan_that_fails_half_way_costs_no_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frame 70 is damaged: what was yielded before stays, and the full pass goes on behind it."""
    video = coded("libx264", 100, ("bf", "0"), gop=20)
    broken = [(c[:20] + bytes(len(c) - 20) if k == 70 else c, k, key) for c, k, key in video.packets]
    mux(tmp_path / "clip.mp4", Coded(video.header, tuple(broken)), [40 * k for k in range(100)])
    asked = Windows(0.4, 0.4)
    windows, whole = windows_of(tmp_path / "clip.mp4", asked)
    monkeypatch.setattr("videoxception.video.reader.can_plan", lambda *_: False)
    straight, _ = windows_of(tmp_path / "clip.mp4", asked)
    assert not whole.planned
    assert [numbers(window.frames) for window in windows[:6]] == [list(range(10 * i, 10 * i + 10)) for i in range(6)]
    assert len(windows) == len(straight) == 10
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(windows, straight, strict=True))


def test_windows_without_a_frame_are_left_out(tmp_path: Path) -> None:
    """Two seconds at 25 a second, a pause of five, and two seconds more."""
    times = [40 * k + 5000 * (k >= 50) for k in range(100)]
    mux(tmp_path / "clip.mkv", coded("libx264", 100, ("bf", "0")), times)
    windows, _ = windows_of(tmp_path / "clip.mkv", Windows(1.0, 1.0))
    assert [window.start for window in windows] == [0.0, 1.0, 7.0, 8.0]
    assert [window.end for window in windows] == pytest.approx([1.0, 2.0, 8.0, 9.0])


def test_the_last_windows_end_with_the_video(tmp_path: Path) -> None:
    windows, whole = windows_of(make_video(tmp_path / "clip.mp4", "libx264", 60), Windows(1.0, 0.5))
    assert whole.duration == pytest.approx(2.4)
    assert [window.start for window in windows] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])
    assert [window.end for window in windows] == pytest.approx([1.0, 1.5, 2.0, 2.4, 2.4])


def test_a_video_without_times_has_windows_by_its_rate(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.h264", "libx264", 50, container="h264", options={"bf": "0"})
    windows, whole = windows_of(path, Windows(1.0, 1.0), FIVE)
    assert whole.duration is None
    assert len(windows) == 2


def test_limits_name_themselves(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 100)
    with pytest.raises(TooManyWindows, match=r"makes 40 in this video, over the limit of 39; ask for a step of 0\.103"):
        windows_of(path, Windows(0.1, 0.1), limits=Limits(windows=39))
    with pytest.raises(TooLong, match="pixels to decode"):  # never from key frames
        windows_of(path, Windows(1.0, 1.0), limits=Limits(work=1))
    with pytest.raises(TooLong, match="over the limit of 3"):
        windows_of(path, Windows(1.0, 1.0), limits=Limits(duration=3.0))


def test_the_work_stops_when_it_is_told_to(tmp_path: Path) -> None:
    path, told = make_video(tmp_path / "clip.mp4", "libx264", 100), False
    with path.open("rb") as file:
        windows = decode_windows(file, SPEC, Windows(1.0, 1.0), stopped=lambda: told)
        next(windows)
        told = True
        with pytest.raises(Stopped):
            list(windows)


def test_windows_of_any_model(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 50)
    rgb, bgr = (windows_of(path, "auto", replace_channels(channels))[0][0].frames for channels in ("RGB", "BGR"))
    assert np.array_equal(rgb, bgr[..., ::-1])


def replace_channels(channels: str) -> ClipSpec:
    return SPEC.model_copy(update={"channels": channels})
