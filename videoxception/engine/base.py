"""What every engine is."""

from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from videoxception.clip import Frames

Logits = npt.NDArray[np.float32]
"""(B, K), one row a clip and one column a class; (B, K + 1) of a model with a background, whose logit is the last."""

Precision = Literal["f32", "bf16", "int8"]
FloatPrecision = Literal["f32", "bf16"]


class EngineError(Exception):
    """An engine that cannot be made here: the device, the precision or a library is missing."""


class Unsuitable(EngineError):
    """An engine that cannot be made here, though a slower one on the same device can."""


class OutOfMemory(Exception):
    """A batch for which the device has no memory; a smaller one may fit."""


class Engine(Protocol):
    """A released model, ready to answer. Safe to call from several threads; calls then wait for each other.

    A clip's logits do not depend on which clips share its batch.
    """

    @property
    def device(self) -> str:
        """Where it runs: "cpu", "cuda:0"."""

    @property
    def precision(self) -> Precision:
        """What it multiplies in."""

    def predict(self, frames: Frames) -> Logits:
        """Clips uint8 (B, F, H, W, 3) -> logits float32 (B, K or K + 1).

        Raises `ValueError` for another shape or type, `OutOfMemory` or `MemoryError` for more clips than fit.
        """


def check_frames(frames: Frames, shape: tuple[int, int, int, int]) -> None:
    """Raises `ValueError` unless `frames` are uint8 clips (B, *shape)."""
    if frames.dtype != np.uint8 or frames.shape[1:] != shape or frames.ndim != 5:
        raise ValueError(
            f"clips must be uint8 (B, {', '.join(map(str, shape))}), but got {frames.dtype} {frames.shape}"
        )
