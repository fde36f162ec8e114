"""Stills as if they had been filmed in another shape: cut from the middle, as large as can be."""

import re
from argparse import ArgumentTypeError
from fractions import Fraction
from pathlib import Path

from training.data.readers.image_folder import is_still
from training.errors import TrainingError
from videoxception.clip import ClipSpec, Frames
from videoxception.video.still import still_clip


def read_cropped(path: Path, spec: ClipSpec, shape: Fraction) -> Frames:
    """Return the clip of a still whose middle has a shape (width / height): uint8 (F, H, W, 3).

    Raises:
        TrainingError: it is a video.
    """
    if not is_still(path):
        raise TrainingError(f"--center-crop is for stills, and {path} is a video; leave it out")
    return still_clip(path, spec, shape)


def parse_shape(text: str) -> Fraction:
    """Return width / height of an option's "W:H". Raises `ArgumentTypeError`."""
    if (match := re.fullmatch(r"([1-9]\d*):([1-9]\d*)", text)) is None:
        raise ArgumentTypeError(f"{text!r} is no shape; write W:H, such as 9:16")
    return Fraction(int(match[1]), int(match[2]))
