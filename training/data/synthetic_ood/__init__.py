"""Synthetic OOD clips: what people post by mistake and no camera ever saw, which a classifier should turn away.

Everything is drawn by seeded code at twice the size and averaged down, which is how a video of it would arrive.
`python -m training.data.synthetic_ood DIR` writes stills to train on, of all kinds but two, so that these two tell how
well a model that was trained on the others turns away something new.
"""

from collections.abc import Callable

import numpy as np

from training.data.synthetic_ood.canvas import Draw, Frame
from training.data.synthetic_ood.patterns import (
    bars,
    black,
    checkerboard,
    clouds,
    color_alone,
    gradient,
    noise,
    waves,
    white,
)
from training.data.synthetic_ood.scenes import cartoon, screen
from videoxception.clip import ClipSpec, Frames

DRAWN = "Drawn"
"""The class of the stills to train on."""
CLIPS = 24
"""Of each kind, to measure with."""
_OVER = 2  # drawn larger by so much

Kind = Callable[[np.random.RandomState, int, int], Draw]
KINDS: dict[str, Kind] = {
    "screen recording": screen,
    "cartoon": cartoon,
    "noise": noise,
    "black": black,
    "white": white,
    "colour bars": bars,
    "gradient": gradient,
    "one colour": color_alone,
    "clouds": clouds,
}
NEW_KINDS: dict[str, Kind] = {"checkerboard": checkerboard, "waves": waves}
"""Those that no stills are written of."""


def draw_synthetic_ood(kind: str, number: int, spec: ClipSpec) -> Frames:
    """Draw the clip (F, H, W, 3) of a kind that has this number: the same everywhere and always."""
    kinds = KINDS | NEW_KINDS
    rng = np.random.RandomState([list(kinds).index(kind), number])
    height, width = spec.size[0] * _OVER, spec.size[1] * _OVER
    frame = kinds[kind](rng, height, width)
    times = (np.arange(spec.frames) + 0.5) / spec.frames
    return np.stack([_shrink(frame(time)) for time in times])


def _shrink(frame: Frame) -> Frames:
    """Average squares of _OVER x _OVER pixels."""
    parts = [frame[y::_OVER, x::_OVER] for y in range(_OVER) for x in range(_OVER)]
    return np.asarray(np.mean(parts, 0).round().clip(0, 255), np.uint8)
