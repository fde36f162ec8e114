"""Repairs of the times of a video's frames: missing ones, equal ones, and jumps of the clock. Pure arithmetic."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median_low

# FFmpeg's limits (dts_delta_threshold, and process_input of ffmpeg_demux.c): what is beyond is another clock.
_FORWARD, _BACK = 10, 0.1  # seconds
_REACH = 16  # frames: no codec shows one further from its place in the file


def median_step(times: Sequence[int]) -> int | None:
    """Return the median step between sorted times; None if there are fewer than two."""
    return median_low([b - a for a, b in pairwise(times)]) if len(times) > 1 else None


def close_jumps(times: Sequence[int | None], clock: Sequence[int | None], second: float) -> list[int | None]:
    """Return times that go on at the stream's rate where its clock jumps.

    Both are in the file's order: `times` are those of showing, `clock` those of decoding, which never go back while
    the clock is the same. `second` is how many units a second has. If there are jumps, or times that the clock
    contradicts, missing times are interpolated between jumps, unless they are half or more.
    """
    bounds = list(pairwise(_run_starts(clock, second)))
    owns = [_own_times(times[start:end], clock[start:end], second) for start, end in bounds]
    if len(owns) == 1 and (owns[0] == list(times) or not usable(owns[0])):
        return list(times)
    runs = [list(interpolate(own)) if usable(own) else own for own in owns]
    known = [sorted(t for t in run if t is not None) for run in runs]
    step = median_low([b - a for run in known for a, b in pairwise(run)] or [0])
    closed: list[int | None] = []
    end: int | None = None  # of what is shown before the run
    for run, shown in zip(runs, known, strict=True):
        shift = end - shown[0] if shown and end is not None else 0
        closed.extend(None if t is None else t + shift for t in run)
        end = shown[-1] + shift + step if shown else end
    return closed


def _own_times(times: Sequence[int | None], clock: Sequence[int | None], second: float) -> list[int | None]:
    """Return a run's times without those that its own clock contradicts: FFmpeg's guess from before it, or damage."""
    return [
        t if t is None or now is None or _same_clock(now, t, second) else None
        for t, now in zip(times, clock, strict=True)
    ]


def _same_clock(earlier: int, later: int, second: float) -> bool:
    return -_BACK <= (later - earlier) / second <= _FORWARD


def usable(times: Sequence[int | None]) -> bool:
    """Return whether enough of the times are known, and different, for the others to be interpolated."""
    return 2 * len({t for t in times if t is not None}) > len(times)


def _run_starts(clock: Sequence[int | None], second: float) -> Iterator[int]:
    """Yield the index at which each run of one clock starts, and the number of all."""
    last: int | None = None
    for index, now in enumerate(clock):
        if index == 0 or (now is not None and last is not None and not _same_clock(last, now, second)):
            yield index
        last = last if now is None else now
    yield len(clock)


def interpolate(times: Sequence[int | None]) -> list[int]:
    """Return times, in the file's order, of which the missing ones are interpolated. At least one must be known.

    If the known ones rise, each missing one lies between its neighbours. If not (B-frames), the step that is widest
    for the frames in it, of those nearby, is taken for its hole. Before the first and behind the last, time goes on by
    the median step.
    """
    filled = [0 if t is None else t for t in times]
    if None not in times:
        return filled
    known = sorted(t for t in times if t is not None)
    step = median_step(known) or 1
    holes = defaultdict(list)
    for index, hole in _holes(times, known, step):
        holes[hole].append(index)
    for hole, indices in holes.items():
        for index, time in zip(indices, _inside(known, hole, len(indices), step), strict=True):
            filled[index] = time
    return filled


def _holes(times: Sequence[int | None], known: list[int], step: int) -> Iterator[tuple[int, int]]:
    """Yield the index of each missing time, and the number of the step of `known` to put it into.

    Step n leads to known time n; the first and the last lead from and to nowhere.
    """
    places = [index for index, t in enumerate(times) if t is not None]
    in_file = [t for t in times if t is not None]
    reach = 1 if in_file == known else _REACH
    inside = [0] * (len(known) + 1)
    beyond = 0.75 * step  # less than a frame gets in a hole, more than it gets elsewhere
    widths = [beyond, *(b - a for a, b in pairwise(known)), beyond]
    for index in (index for index, t in enumerate(times) if t is None):
        place = bisect_left(places, index)
        near = sorted(in_file[max(0, place - reach) : place + reach])
        first, last = bisect_left(known, near[0]), bisect_right(known, near[-1]) - 1
        at_end = place == len(places) or (reach > 1 and last == len(known) - 1)
        candidates = range(first + (place > 0), last + 1 + at_end)[: 4 * _REACH]  # more only if times are wild
        hole = max(candidates, key=lambda n: widths[n] / (inside[n] + 2 if 0 < n < len(known) else 1))
        inside[hole] += 1
        yield index, hole


def _inside(known: list[int], hole: int, count: int, step: int) -> list[int]:
    """Return so many times that divide a hole evenly, or go on by `step` before the first or behind the last."""
    if hole == 0:
        return [known[0] - step * n for n in range(count, 0, -1)]
    if hole == len(known):
        return [known[-1] + step * n for n in range(1, count + 1)]
    start, end = known[hole - 1], known[hole]
    return [start + (end - start) * n // (count + 1) for n in range(1, count + 1)]


def spread(times: Sequence[int]) -> list[int]:
    """Return sorted times of which equal ones are spread evenly over the step behind them."""
    if len(set(times)) == len(times):
        return list(times)
    groups = [(time, len(list(group))) for time, group in groupby(times)]
    end = groups[-1][0] + (median_step([time for time, _ in groups]) or 1) * groups[-1][1]
    ends = [time for time, _ in groups[1:]] + [end]
    return [
        time + (following - time) * n // count
        for (time, count), following in zip(groups, ends, strict=True)
        for n in range(count)
    ]
