"""Golden answers: the logits that a released model must give on every machine, for clips drawn from a seed."""

import numpy as np
import numpy.typing as npt

from videoxception.clip import ClipSpec, Frames
from videoxception.engine.base import Engine, EngineError
from videoxception.manifest import Manifest

_CELL = 16  # pixels; large enough that the frames are more than noise


class GoldenMismatch(EngineError):
    """An engine whose logits are not those that were recorded when the model was released."""


def draw(spec: ClipSpec, seed: int, count: int) -> Frames:
    """Draw `count` clips of coloured squares, uint8 (count, F, H, W, 3): the same for a seed on every machine.

    NumPy guarantees that the streams of `RandomState`, unlike those of newer generators, never change.
    """
    height, width = spec.size
    rng = np.random.RandomState(seed)
    cells = (count, spec.frames, -(-height // _CELL), -(-width // _CELL), 3)
    coarse = rng.randint(0, 256, cells, dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(_CELL, 2).repeat(_CELL, 3)[:, :, :height, :width])


def check(engine: Engine, manifest: Manifest) -> None:
    """Raise `GoldenMismatch` if a logit differs from its golden answer by more than the precision's tolerance."""
    golden = manifest.golden
    logits = engine.predict(draw(manifest.clip, golden.seed, len(golden.logits)))
    off = largest_difference(logits, golden.logits)
    allowed = golden.tolerance.get(engine.precision)
    if allowed is None:
        raise GoldenMismatch(f"{manifest.name}@{manifest.version} was not checked in {engine.precision} when released")
    if not off <= allowed:
        raise GoldenMismatch(
            f"{manifest.name}@{manifest.version} does not give its golden answers in {engine.precision}:"
            f" a logit is off by {off:.3g}, and {allowed:.3g} is allowed"
        )


def largest_difference(logits: npt.NDArray[np.float32], expected: list[list[float]]) -> float:
    """Return the largest absolute difference of a logit; NaN if a logit is NaN."""
    return float(np.abs(logits - np.asarray(expected)).max())
