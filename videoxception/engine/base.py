"""The interface that every engine implements."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from videoxception.clip import Frames

Logits = npt.NDArray[np.float32]
"""(B, K), one row a clip and one column a class; (B, K + 1) of a model with a background, whose logit is the last."""

Precision = Literal["f32", "bf16", "int8"]
FloatPrecision = Literal["f32", "bf16"]


class EngineError(Exception):
    """An engine that cannot be created: the device, the precision or a library is not available."""


class Unsuitable(EngineError):
    """An engine that was not made for this card or model, or needs what is not installed: no fault, another one can."""


class OutOfMemory(Exception):
    """A batch that does not fit into the device's memory; a smaller one may."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a CPU runs a model: in which precision, and how many clips of a batch side by side.

    None for `streams` leaves their number to OpenVINO. `by` says who chose the precision: whoever asked for it, a file
    that pins it, or measurement on this CPU. `cpu_ms` are the CPU milliseconds of a clip in each one measured.
    """

    precision: Precision
    streams: int | None
    by: Literal["asked", "pinned", "measured"]
    cpu_ms: Mapping[Precision, float] = field(default_factory=dict)

    def __str__(self) -> str:
        split = "" if self.streams is None else f", {self.streams} stream{'s' * (self.streams > 1)}"
        return f"{self.precision}{split} ({self.by})"


@runtime_checkable
class Chosen(Protocol):
    """An engine that was chosen among several ways to run a model, as engines on CPUs are."""

    @property
    def choice(self) -> Choice:
        """How it runs, and why."""


@runtime_checkable
class Sharing(Protocol):
    """An engine that shares its cores with other work, as engines on CPUs do."""

    def share(self, busy: Callable[[], bool]) -> None:
        """Have it leave cores to the other work whenever `busy` says that there is some."""


class Engine(Protocol):
    """A released model, ready to answer. Safe to call from several threads; calls then wait for each other.

    A clip's logits do not depend on which clips share its batch.
    """

    @property
    def device(self) -> str:
        """The device it runs on: "cpu", "cuda:0"."""

    @property
    def precision(self) -> Precision:
        """The number type of its multiplications."""

    def predict(self, frames: Frames) -> Logits:
        """Compute logits float32 (B, K or K + 1) from clips uint8 (B, F, H, W, 3).

        Raises `ValueError` for another shape or type, `OutOfMemory` or `MemoryError` if the batch does not fit.
        """


def check_frames(frames: Frames, shape: tuple[int, int, int, int]) -> None:
    """Raise `ValueError` unless `frames` are uint8 clips (B, *shape)."""
    if frames.dtype != np.uint8 or frames.shape[1:] != shape or frames.ndim != 5:
        raise ValueError(
            f"clips must be uint8 (B, {', '.join(map(str, shape))}), but got {frames.dtype} {frames.shape}"
        )
