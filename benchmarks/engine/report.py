"""Tables of medians and paired ratios from the seconds of batches, and goals."""

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.engine.streams import Split
from benchmarks.goals import Goal

BASE = "OpenVINO plain bf16"
Times = Mapping[tuple[str, int], Sequence[float]]
"""{(method, batch): seconds of each round}, the rounds of all in the same order."""


def ratio(times: Times, method: str, base: str, batch: int) -> float | None:
    """Return the median over rounds of the method's time divided by the base's."""
    ours, theirs = times.get((method, batch)), times.get((base, batch))
    return median(a / b for a, b in zip(ours, theirs, strict=True)) if ours and theirs else None


def table(times: Times, off: Mapping[str, float], operations: float, rate: float) -> str:
    """Format a table with a row for each method and batch size."""
    lines = [
        f"| method | batch | ms a clip | times {BASE} | of the bf16 rate | golden logits off by |",
        "| --- |" + " --- |" * 5,
    ]
    for (method, batch), seconds in times.items():
        clip = median(seconds) / batch
        over = ratio(times, method, BASE, batch)
        lines.append(
            f"| {method} | {batch} | {clip * 1e3:.1f} | {'' if over is None else f'{over:.2f}'} |"
            f" {operations / clip / rate:.0%} | {off[method]:.4f} |"
        )
    return "\n".join(lines)


def split_table(splits: Sequence[Split]) -> str:
    """Format a table with a row for each split of the cores."""
    lines = ["| streams | threads each | clips/s | ms of one clip |", "| --- | --- | --- | --- |"]
    lines += [f"| {s.streams} | {s.threads} | {s.throughput:.1f} | {s.latency:.1f} |" for s in splits]
    return "\n".join(lines)


def goals(model: str, times: Times, batches: Sequence[int]) -> list[Goal]:
    """Return the goals for bf16 and int8 against the plain export."""
    bf16 = [
        Goal(f"{model}, ours bf16 / {BASE}, batch {batch}", ratio(times, "ours bf16", BASE, batch), 1.1, at_most=True)
        for batch in batches
    ]
    int8 = [
        Goal(f"{model}, {BASE} / ours int8, batch {batch}", ratio(times, BASE, "ours int8", batch), 1.4)
        for batch in batches
    ]
    return bf16 + int8
