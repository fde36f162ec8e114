"""The report of a run: goals, tables and JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

from benchmarks.goals import Goal, goal_table
from benchmarks.service.contestants import LIT_OURS, LIT_USUAL, NAIVE, OURS
from benchmarks.service.measuring import Measurement
from benchmarks.service.paired import CEILING, Round, ratio
from benchmarks.service.visit import Visit


@dataclass(slots=True)
class Report:
    """A run: what it ran on, who took part, and how their answers compare. `failed` says why some have no figures."""

    machine: str
    visits: list[Visit] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    agreement: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def goals(self) -> list[Goal]:
        """The goals of this service."""
        seen = {visit.contestant: visit for visit in self.visits}
        return [
            Goal("share of the ceiling, paired", ratio(self.rounds, OURS, CEILING), 0.85),
            Goal(f"times {NAIVE}", _times(seen, NAIVE), 15),
            Goal(f"times {LIT_USUAL}", _times(seen, LIT_USUAL), 4),
            Goal(f"times {LIT_OURS}, paired", ratio(self.rounds, OURS, LIT_OURS), 1),
            Goal("p99 at 45 % load / unloaded median", _tail(seen, 0.45), 3, at_most=True),
            Goal("p99 at 70 % load / unloaded median", _tail(seen, 0.7), 6, at_most=True),
        ]

    def to_json(self) -> dict[str, object]:
        """Return all figures, goals and answers."""
        return asdict(self) | {"goals": [asdict(goal) | {"outcome": goal.outcome} for goal in self.goals]}

    def text(self) -> str:
        """Format the machine, tables, agreement and goals."""
        parts = [self.machine, load_table(self.visits)]
        parts += [round_table(self.rounds)] if self.rounds else []
        parts += ["\n".join(f"{name}: {said}" for name, said in (self.agreement | self.failed).items())]
        parts += [_client_cost(self.visits), goal_table("goal", self.goals)]
        return "\n\n".join(parts)


def load_table(visits: Sequence[Visit]) -> str:
    """Format a table with a row for each load."""
    lines = [
        "| contestant | load | answers/s | p50 ms | p95 ms | p99 ms | CPU ms an answer | peak MiB | errors |",
        "| --- |" + " --- |" * 8,
    ]
    lines += [_line(measured) for visit in visits for measured in visit.measurements]
    return "\n".join(lines)


def _line(measured: Measurement) -> str:
    return (
        f"| {measured.contestant} | {measured.shown_load} | {measured.throughput:.2f} | {measured.p50:.0f} |"
        f" {measured.p95:.0f} | {measured.p99:.0f} | {measured.cpu:.1f} | {measured.peak:.0f} | {measured.errors} |"
    )


def round_table(rounds: Sequence[Round]) -> str:
    """Format a table of the paired measurements: medians, and the median ratio to the ceiling."""
    lines = ["| measured in turns | answers/s | of the ceiling | CPU ms an answer |", "| --- | --- | --- | --- |"]
    for turns in zip(*rounds, strict=True):
        share = ratio(rounds, turns[0].name, CEILING)
        lines.append(
            f"| {turns[0].name} | {median(turn.throughput for turn in turns):.2f} | {share:.1%} |"
            f" {median(turn.cpu for turn in turns):.1f} |"
        )
    return "\n".join(lines)


def _client_cost(visits: Sequence[Visit]) -> str:
    taken = [measured.client_cpu for visit in visits for measured in visit.measurements]
    return (
        f"Sending the requests and watching memory took {median(taken):.1f} CPU ms an answer (median of all loads;"
        f" {min(taken):.1f} to {max(taken):.1f}) of the same cores."
    )


def _times(seen: Mapping[str, Visit], other: str) -> float | None:
    if OURS not in seen or other not in seen:
        return None
    return seen[OURS].best.throughput / seen[other].best.throughput


def _tail(seen: Mapping[str, Visit], share: float) -> float | None:
    unloaded = seen[OURS].at("closed", 1) if OURS in seen else None
    loaded = seen[OURS].at("open", share) if OURS in seen else None
    return loaded.p99 / unloaded.p50 if loaded and unloaded else None
