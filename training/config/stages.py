"""Stages of a run: clips of one size for some epochs, small ones first."""

from dataclasses import dataclass, replace
from itertools import pairwise

from training.errors import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Some epochs on clips of one size."""

    epochs: int
    frames: int
    size: int  # height; the width follows the clip's shape
    batch: int

    def __post_init__(self) -> None:
        for name in ("epochs", "frames", "size", "batch"):
            if getattr(self, name) < 1:
                raise TrainingError(f"a stage needs at least 1 for {name}, but got {getattr(self, name)}")

    def __str__(self) -> str:
        return f"{self.epochs}x{self.frames}x{self.size}x{self.batch}"


def parse_stages(text: str) -> tuple[Stage, ...]:
    """Parse stages from "EPOCHSxFRAMESxSIZExBATCH,...": "60x1x96x32,4x10x128x16". Raises `TrainingError`."""
    try:
        numbers = [[int(n) for n in part.split("x")] for part in text.split(",")]
        return tuple(Stage(epochs=e, frames=p, size=s, batch=b) for e, p, s, b in numbers)
    except ValueError as error:
        raise TrainingError(
            f"--stages must be EPOCHSxFRAMESxSIZExBATCH[,...] (60x1x96x32,4x10x128x16), but got {text!r}"
        ) from error


def resized_stages(stages: tuple[Stage, ...], epochs: int | None, batch: int | None) -> tuple[Stage, ...]:
    """Return stages of so many epochs in all, in the shares that they have now, and of batches of one size.

    Raises `TrainingError` for fewer epochs than there are stages.
    """
    if batch is not None:
        stages = tuple(replace(stage, batch=batch) for stage in stages)
    if epochs is None:
        return stages
    if epochs < len(stages):
        raise TrainingError(f"--epochs must be at least 1 for each of the {len(stages)} stages, but got {epochs}")
    return tuple(
        replace(stage, epochs=end - start)
        for stage, (start, end) in zip(stages, pairwise(_ends(stages, epochs)), strict=True)
    )


def _ends(stages: tuple[Stage, ...], epochs: int) -> list[int]:
    """Return after how many of `epochs` each stage ends, 0 first: at least one each, else as they share them now."""
    total, ends = sum(stage.epochs for stage in stages), [0]
    for number in range(1, len(stages) + 1):
        share = round(epochs * sum(stage.epochs for stage in stages[:number]) / total)
        ends.append(min(max(share, ends[-1] + 1), epochs - (len(stages) - number)))
    return ends
