"""The table of all rows, and whether the goals were met."""

from collections.abc import Sequence

from benchmarks.goals import Goal, goal_table
from benchmarks.gpu.rows import Row

_OURS, _COMPILED = "ours bf16, batch {}, {}", "torch.compile bf16, batch {}, {}"


def goals(rows: Sequence[Row]) -> list[Goal]:
    """Return the goals with the measured figures."""
    best = max((_value(rows, "serving a", _OURS.format(n, "on device")) or 0.0 for n in (64, 256)), default=0.0) or None
    compiled = _value(rows, "serving a", _COMPILED.format(64, "on device"))
    ours = _value(rows, "serving a", _OURS.format(64, "on device"))
    one = _value(rows, "serving a", _OURS.format(1, "from host"))
    trained = _value(rows, "training a", "ours")
    return [
        Goal("A, clips/s", best, 25_000),
        Goal("A, clips/s, stretch", best, 40_000),
        Goal("A, times torch.compile, batch 64", ours / compiled if ours and compiled else None, 5),
        Goal("A, ms for one clip from the host", 1e3 / one if one else None, 0.3, at_most=True),
        Goal("A, training clips/s", trained, 1_500),
        Goal("A, training clips/s, stretch", trained, 3_000),
    ]


def table(rows: Sequence[Row]) -> str:
    """Format all rows, then the goals."""
    lines = ["| section | what | figure | note |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.section} | {row.what} | {_figure(row)} | {row.note} |" for row in rows]
    return "\n".join([*lines, "", goal_table("goal on one H200", goals(rows))])


def _figure(row: Row) -> str:
    return "not measured" if row.value is None else f"{row.value:,.4g} {row.unit}"


def _value(rows: Sequence[Row], section: str, what: str) -> float | None:
    return next((row.value for row in rows if (row.section, row.what) == (section, what)), None)
