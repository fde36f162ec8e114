"""Figures to reach, and whether they were."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach, in the unit of `value`; None if it was not measured."""

    what: str
    value: float | None
    wanted: float
    at_most: bool = False

    @property
    def outcome(self) -> str:
        """In words."""
        if self.value is None:
            return "not measured"
        return "met" if (self.value <= self.wanted if self.at_most else self.value >= self.wanted) else "missed"


def goal_table(title: str, goals: Sequence[Goal]) -> str:
    """A line a goal, with its figure and its outcome."""
    lines = [f"| {title} | figure | wanted | outcome |", "| --- | --- | --- | --- |"]
    for goal in goals:
        figure = "" if goal.value is None else f"{goal.value:,.4g}"
        wanted = f"{'at most' if goal.at_most else 'at least'} {goal.wanted:,}"
        lines.append(f"| {goal.what} | {figure} | {wanted} | {goal.outcome} |")
    return "\n".join(lines)
