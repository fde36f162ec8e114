"""The log of a run: a report of each epoch, as JSON lines in its folder and as a line on the screen."""

import dataclasses
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from training.config.schema import Config


@dataclass(frozen=True, slots=True)
class EpochReport:
    """One epoch.

    Attributes:
        loss: mean over its steps.
        lr: the learning rate at its end.
        seconds: what it took, without validation.
        waited: the share of that time that was spent waiting for pixels.
        validation: the running average's top-1 on held-out clips of the stage's size, or None.
    """

    epoch: int
    loss: float
    lr: float
    seconds: float
    waited: float
    validation: float | None

    def describe(self, config: Config) -> str:
        """Return the report as a line for people."""
        seen = "" if self.validation is None else f"  held-out top-1 {self.validation:6.1%}"
        done = f"epoch {self.epoch:3}/{config.epochs}  {config.stage(self.epoch - 1).frames} frames"
        return f"{done}  loss {self.loss:.3f}  lr {self.lr:.2e}  {self.seconds:.0f} s{seen}"


def append_log(folder: Path, report: EpochReport) -> None:
    """Add a line to the run's log."""
    with (folder / "log.jsonl").open("a") as file:
        file.write(json.dumps(dataclasses.asdict(report)) + "\n")


def read_log(folder: Path) -> list[dict[str, float | None]]:
    """Return the fields of each epoch in the run's log, in order; nothing if there is no log.

    Of an epoch that was logged twice, the later line counts. A line that was cut short is passed over.
    """
    path = folder / "log.jsonl"
    epochs: dict[int, dict[str, float | None]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        with suppress(ValueError):
            entry = json.loads(line)
            epochs[entry["epoch"]] = entry
    return [epochs[epoch] for epoch in sorted(epochs)]
