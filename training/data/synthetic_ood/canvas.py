"""What the drawing functions share: frames of floats, and a function that gives the frame at a time."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.float64]
"""(h, w, 3), from 0 to 255."""
Color = npt.NDArray[np.float64]
"""(3,), from 0 to 255."""
Draw = Callable[[float], Frame]
"""Gives the frame at a time from 0 to 1."""


def filled(height: int, width: int, color: Color) -> Frame:
    """Return a frame of one colour."""
    return np.broadcast_to(color, (height, width, 3)).astype(np.float64)


def random_color(rng: np.random.RandomState) -> Color:
    """Draw any colour."""
    return np.asarray(rng.uniform(0, 255, 3), np.float64)
