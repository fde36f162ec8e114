"""Target figures, and whether they are met."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """A target for `value`, in its unit; None if it was not measured."""

    what: str
    value: float | None
    wanted: float
    at_most: bool = False

    @property
    def outcome(self) -> str:
        """ "met", "missed" or "not measured"."""
        if self.value is None:
            return "not measured"
        return "met" if (self.value <= self.wanted if self.at_most else self.value >= self.wanted) else "missed"


def goal_table(title: str, goals: Sequence[Goal]) -> str:
    """Format a table with a row for each goal: figure, target, outcome."""
    lines = [f"| {title} | figure | wanted | outcome |", "| --- | --- | --- | --- |"]
    for goal in goals:
        figure = "" if goal.value is None else f"{goal.value:,.4g}"
        wanted = f"{'at most' if goal.at_most else 'at least'} {goal.wanted:,}"
        lines.append(f"| {goal.what} | {figure} | {wanted} | {goal.outcome} |")
    return "\n".join(lines)
