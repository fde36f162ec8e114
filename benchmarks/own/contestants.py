"""What is compared, and how many lines a person had to write for it."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PEERS = "benchmarks.own.peers"
_OF_THE_BENCHMARK = "# Of the benchmark:"  # from there to the end of a script, a person needs nothing


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command that is given folders to learn from and to be judged on, a file for answers, and a budget.

    Attributes:
        written: lines that a person had to write.
        minutes: whether its budget is said in minutes by the wall; else in CPU seconds.
    """

    key: str
    name: str
    command: tuple[str, ...]
    after: tuple[str, ...]
    written: int
    minutes: bool = False

    def arguments(self, learn: Path, held: Path, answers: Path, cpu_minutes: float, minutes: float) -> list[str]:
        """Return the command's arguments."""
        budget = f"{minutes:g}" if self.minutes else f"{60 * cpu_minutes:g}"
        return [*self.command, str(learn), str(held), str(answers), budget, *self.after]


def contestants(peers: str) -> Iterator[Contestant]:
    """Yield all, the peers with the interpreter of their environment."""
    yield Contestant(
        "ours", "`videoxception train`", (sys.executable, "-m", "benchmarks.own.ours"), (), 1, minutes=True
    )
    guide, tuned = ("5e-5", "4"), ("1e-3", "1")
    for key, name, module, after in (
        ("guide", "transformers' Trainer as its guide has it, Lite0", "transformers_trainer", ("lite0", *guide)),
        ("tuned", "the same, learning rate 1e-3, batches of 16, Lite0", "transformers_trainer", ("lite0", *tuned)),
        ("larger", "the same, Lite2", "transformers_trainer", ("lite2", *tuned)),
        ("reference", "torchvision's reference loop, ResNet-18 from scratch", "torchvision_reference", ()),
    ):
        yield Contestant(key, name, (peers, "-m", f"{_PEERS}.{module}"), after, _lines(module))


def _lines(module: str) -> int:
    """Count a script's lines of code, without docstrings, what it takes from the harness, and what it does for it."""
    text = (Path(__file__).parent / "peers" / f"{module}.py").read_text()
    said = [node.body[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Module | ast.FunctionDef)]
    docs = {line for node in said if isinstance(node, ast.Expr) for line in _lines_of(node)}
    written = text[: text.index(_OF_THE_BENCHMARK)].splitlines()
    return sum(bool(line) and number not in docs and "harness" not in line for number, line in enumerate(written, 1))


def _lines_of(node: ast.Expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)
