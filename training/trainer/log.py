"""What a run says of each of its epochs."""

import dataclasses
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What is said of an epoch. `validation` is the running average's top-1 on clips of the stage's size, or None.

    `waited` is the share of the time that was spent waiting for pixels.
    """

    epoch: int
    loss: float
    lr: float
    seconds: float
    waited: float
    validation: float | None


def append_log(folder: Path, report: EpochReport) -> None:
    """Adds a line to the run's log."""
    with (folder / "log.jsonl").open("a") as file:
        file.write(json.dumps(dataclasses.asdict(report)) + "\n")


def read_log(folder: Path) -> list[dict[str, float | None]]:
    """The fields of each epoch in the run's log, rising; nothing if there is no log.

    Of an epoch that was logged twice, the later line counts. A line that was cut short is passed over.
    """
    path = folder / "log.jsonl"
    epochs: dict[int, dict[str, float | None]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        with suppress(ValueError):
            entry = json.loads(line)
            epochs[entry["epoch"]] = entry
    return [epochs[epoch] for epoch in sorted(epochs)]
