from pathlib import Path

import numpy as np

from videoxception.clip import ClipSpec
from videoxception.video import decode
from videoxception.video.encode import encode


def test_what_is_encoded_is_decoded(tmp_path: Path) -> None:
    levels = np.linspace(30, 220, 10).astype(np.uint8)
    encode(tmp_path / "clip.avi", (np.full((48, 64, 3), level, np.uint8) for level in levels), (48, 64), rate=5)
    clip = decode(tmp_path / "clip.avi", ClipSpec())
    assert (clip.width, clip.height, clip.duration) == (64, 48, 2.0)
    assert np.abs(clip.frames.mean((1, 2, 3)) - levels).max() < 4
