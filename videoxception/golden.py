"""Golden answers: what a released model must say of clips that seeded code draws, wherever it is run."""

import numpy as np
import numpy.typing as npt

from videoxception.clip import ClipSpec, Frames
from videoxception.engine.base import Engine
from videoxception.manifest import Manifest

_CELL = 16  # pixels; coarse enough that the frames are not mere noise


class GoldenMismatch(Exception):
    """An engine that does not give a released model's own answers."""


def draw(spec: ClipSpec, seed: int, count: int) -> Frames:
    """`count` clips of coloured squares, uint8 (count, F, H, W, 3): the same for a seed everywhere and always.

    NumPy promises that the streams of `RandomState`, unlike those of newer generators, never change.
    """
    height, width = spec.size
    rng = np.random.RandomState(seed)
    cells = (count, spec.frames, -(-height // _CELL), -(-width // _CELL), 3)
    coarse = rng.randint(0, 256, cells, dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(_CELL, 2).repeat(_CELL, 3)[:, :, :height, :width])


def check(engine: Engine, manifest: Manifest) -> None:
    """Raises `GoldenMismatch` if the engine's logits are off by more than the tolerance of its precision."""
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
    """The largest absolute difference; NaN if there is one among the logits."""
    return float(np.abs(logits - np.asarray(expected)).max())
