"""Random timelines in every container: the frames that are chosen, against two references.

One follows the rule from the times that were written, in plain loops. The other is FFmpeg's own filters `setpts` and
`fps`, which come with PyAV, on the frames that PyAV's own loop decodes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median_low

import av
import pytest
from av.filter import Graph

from tests.numbered import MS, Coded, coded, mux, numbers
from videoxception.clip import ClipSpec
from videoxception.video import decode

SPEC = ClipSpec()
LENGTHS = (12, 29, 48)
B_FRAMES = ("bf", "2")
# What the writer of each container takes: videos with B-frames, times from 0 on only, two frames of one time.
CONTAINERS = {
    "mp4": ("clip.mp4", "libx264", {}, {"reordered", "cut", "late"}),
    "fragmented mp4": ("clip.mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}, {"reordered", "late"}),
    "mov": ("clip.mov", "mpeg4", {}, {"cut", "late"}),
    "matroska": ("clip.mkv", "libx264", {}, {"reordered", "equal", "late"}),
    "webm": ("clip.webm", "libvpx", {}, {"equal", "late"}),
    "flv": ("clip.flv", "libx264", {}, {"reordered", "equal", "late"}),
    "asf": ("clip.asf", "wmv2", {}, {"late"}),
    "transport stream": ("clip.ts", "libx264", {}, {"reordered", "late"}),
    "transport stream of mpeg2": ("clip.ts", "mpeg2video", {}, {"reordered", "late"}),
    "avi": ("clip.avi", "mjpeg", {}, {"even"}),
}


@dataclass(frozen=True)
class Drawn:
    """A random video: its packets, and in milliseconds the times of all frames, and of those that are shown."""

    video: Coded
    times: list[int]
    shown: list[tuple[int, int]]  # (time, number)


def draw(rng: random.Random, codec: str, able: set[str]) -> Drawn:
    """Draw a video that a container is able to hold."""
    length = rng.choice(LENGTHS)
    alone = rng.random() < 0.3  # every frame is a key frame, and some are lost
    options = (B_FRAMES if "reordered" in able and rng.random() < 0.6 and not alone else ("bf", "0"),)
    video = coded(codec, length, *(options if "reordered" in able else ()), gop=1 if alone else 12)
    times = draw_times(rng, length, able)
    if alone:
        kept = {0, *rng.sample(range(length), rng.randint(length * 2 // 3, length - 1))}  # AVI begins with a frame
        video = Coded(video.header, tuple(packet for packet in video.packets if packet[1] in kept))
    shown = sorted((times[k], k) for _, k, _ in video.packets if times[k] >= 0)
    return Drawn(video, times, shown)


def draw_times(rng: random.Random, length: int, able: set[str]) -> list[int]:
    """Draw rising times in milliseconds: steady, jittered or with pauses; late, cut off or with two equal ones."""
    if "even" in able:
        return [40 * k for k in range(length)]
    kind = rng.choice(["steady", "jittered", "pauses"])
    steps = [
        {"steady": 40, "jittered": rng.randint(5, 120), "pauses": rng.choice([33, 33, 33, 2000])}[kind]
        for _ in range(length)
    ]
    times = [sum(steps[:k]) for k in range(length)]
    if "late" in able and rng.random() < 0.5:
        times = [time + rng_start for rng_start in [rng.randint(1, 2_000_000)] for time in times]
    elif "cut" in able and rng.random() < 0.5:
        start = times[rng.randrange(1, length // 2)]
        times = [time - start for time in times]
    if "equal" in able and rng.random() < 0.5:
        k = rng.randrange(1, length - 1)
        times[k] = times[k - 1]
    return times


def repaired(shown: Sequence[tuple[int, int]]) -> list[Fraction]:
    """The times in milliseconds; the second of two equal ones lies between its neighbours."""
    times = [Fraction(time) for time, _ in shown]
    times.append(times[-1] + 2 * median_low([b - a for a, b in pairwise(sorted(set(times)))]))
    return [(time + times[k + 1]) / 2 if k > 0 and time == times[k - 1] else time for k, time in enumerate(times[:-1])]


def by_the_rule(shown: Sequence[tuple[int, int]], span: Fraction) -> list[int]:
    """The numbers of ten frames: of each tenth of the video, the frame that is on screen at its centre."""
    times, chosen = repaired(shown), []
    for i in range(10):
        centre = times[0] + (2 * i + 1) * span / 20
        chosen.append([number for time, (_, number) in zip(times, shown, strict=True) if time <= centre][-1])
    return chosen


def settled(shown: Sequence[tuple[int, int]], span: Fraction, within: int = 1) -> list[int]:
    """Which of the ten frames do not hang on so many milliseconds: containers and the filters round to about one."""
    times = repaired(shown)
    centres = [times[0] + (2 * i + 1) * span / 20 for i in range(10)]
    return [i for i, centre in enumerate(centres) if all(abs(time - centre) > within for time in times)]


def picked(found: Sequence[int], kept: Sequence[int]) -> list[int]:
    return [found[i] for i in kept]


def span_of(shown: Sequence[tuple[int, int]], path: Path) -> Fraction:
    """The milliseconds from the first frame to the end of the last, which stays as long as the file or its like say."""
    times = repaired(shown)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        durations = {p.pts: p.duration for p in container.demux(stream) if p.size and p.pts is not None}
        assert stream.time_base is not None
        last = durations[max(durations)] * stream.time_base * 1000
    return times[-1] - times[0] + (last or median_low([b - a for a, b in pairwise(times)]))


def by_filters(path: Path, milliseconds: int) -> list[int]:
    """The numbers of the frames that FFmpeg's filters choose: ten a duration, half a step later than from the start."""
    tick = Fraction(1, 20_000)  # of which half a step has whole ones
    with av.open(str(path)) as container:
        graph, frames = Graph(), []
        chain = [
            graph.add_buffer(template=container.streams.video[0]),
            graph.add("settb", f"{tick.numerator}/{tick.denominator}"),
            graph.add("setpts", f"PTS-STARTPTS-{milliseconds}"),
            graph.add("fps", f"fps=10000/{milliseconds}:round=up:start_time=0"),
            graph.add("buffersink"),
        ]
        for node, following in pairwise(chain):
            node.link_to(following)
        graph.configure()
        decoded = list(container.decode(video=0))
        for frame in [*decoded, None]:
            graph.push(frame)
            frames += pulled(graph)
    frames = [*frames, *decoded[-1:] * 10][:10]  # the filter ends with the last frame, or with its end if that is known
    return [numbers(frame.reformat(128, 128, "rgb24").to_ndarray()[None])[0] for frame in frames]


def pulled(graph: Graph) -> list[av.VideoFrame]:
    """The frames that a graph has ready."""
    frames: list[av.VideoFrame] = []
    try:
        while True:
            frame = graph.pull()
            assert isinstance(frame, av.VideoFrame)
            frames.append(frame)
    except (av.BlockingIOError, av.EOFError):
        return frames


def check(kind: str, seed: int, folder: Path) -> None:
    name, codec, options, able = CONTAINERS[kind]
    drawn = draw(random.Random(f"{kind} {seed}"), codec, able)
    cut = {"avoid_negative_ts": "disabled"} if drawn.times[0] < 0 else {}
    unit = 40 if "even" in able else 1  # milliseconds
    times = [time // unit for time in drawn.times]
    mux(folder / name, drawn.video, times, time_base=unit * MS, options=options | cut)
    clip, span = decode(folder / name, SPEC), span_of(drawn.shown, folder / name)
    kept = settled(drawn.shown, span)
    assert picked(numbers(clip.frames), kept) == picked(by_the_rule(drawn.shown, span), kept)
    assert clip.duration == pytest.approx(float(span) / 1000, abs=1e-3)
    assert not {"damaged", "no times", "truncated"} & set(clip.warnings)
    if len({time for time, _ in drawn.shown}) == len(drawn.shown):
        assert picked(numbers(clip.frames), kept) == picked(by_filters(folder / name, round(span)), kept)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_frames_on_screen_are_chosen(kind: str, seed: int, tmp_path: Path) -> None:
    check(kind, seed, tmp_path)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", ["transport stream", "transport stream of mpeg2"])
def test_the_clocks_of_joined_parts_are_one(kind: str, seed: int, tmp_path: Path) -> None:
    check_joined(kind, seed, tmp_path)


def check_joined(kind: str, seed: int, folder: Path) -> None:
    """Join recordings of random timelines, each of which starts where its clock likes: far ahead, or behind."""
    rng, (name, codec, _, able) = random.Random(f"joined {kind} {seed}"), CONTAINERS[kind]
    parts, content, now, first = [], b"", 500_000, 0
    for _ in range(rng.randint(2, 4)):
        length = rng.choice(LENGTHS)
        own = draw_times(rng, length, able - {"late"})
        times = [now + time for time in own]
        mux(folder / name, coded(codec, length, B_FRAMES, first=first), times)
        content += (folder / name).read_bytes()
        parts.append([(time, first + k) for k, time in enumerate(times)])
        now, first = rng.choice([times[-1] + rng.randint(11_000, 4_000_000), rng.randint(0, times[0])]), first + length
    (folder / name).write_bytes(content)
    shown = joined(parts)
    clip, span = decode(folder / name, SPEC), shown[-1][0] - shown[0][0] + median_low(steps_of(parts))
    assert clip.duration == pytest.approx(span / 1000, abs=0.15)  # no writer here keeps the duration of the last frame
    span = Fraction(clip.duration * 1000).limit_denominator(1000)
    kept = settled(shown, span, within=20)  # the step over a join is a guess
    assert picked(numbers(clip.frames), kept) == picked(by_the_rule(shown, span), kept)
    assert not {"damaged", "no times"} & set(clip.warnings)


def joined(parts: Sequence[Sequence[tuple[int, int]]]) -> list[tuple[int, int]]:
    """The frames of all parts, each of which begins the median step behind the one before."""
    step, shown = median_low(steps_of(parts)), list(parts[0])
    for part in parts[1:]:
        shift = shown[-1][0] + step - part[0][0]
        shown += [(time + shift, number) for time, number in part]
    return shown


def steps_of(parts: Sequence[Sequence[tuple[int, int]]]) -> list[int]:
    return [b - a for part in parts for (a, _), (b, _) in pairwise(part)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_frames_on_screen_are_chosen_of_many(kind: str, tmp_path: Path) -> None:
    for seed in range(8, 200):
        check(kind, seed, tmp_path)
        if "transport" in kind:
            check_joined(kind, seed, tmp_path)
