import hashlib
from dataclasses import dataclass

import numpy as np
import pytest

from videoxception import golden
from videoxception.clip import ClipSpec, Frames
from videoxception.engine.base import Logits, Precision
from videoxception.store import Release


@dataclass
class Parrot:
    """An engine that says what it was told to."""

    logits: Logits
    precision: Precision = "f32"
    device: str = "cpu"

    def predict(self, frames: Frames) -> Logits:
        return self.logits


def test_drawn_clips_are_the_same_for_ever() -> None:
    clips = golden.draw(ClipSpec(), 16, 3)
    assert clips.shape == (3, 10, 128, 128, 3)
    assert hashlib.sha256(clips.tobytes()).hexdigest().startswith("a9067a2fac688e32")


def test_other_sizes_are_filled() -> None:
    assert golden.draw(ClipSpec(frames=2, size=(100, 50)), 1, 1).shape == (1, 2, 100, 50, 3)


def test_right_answers_pass(release: Release) -> None:
    golden.check(Parrot(np.array(release.manifest.golden.logits, np.float32)), release.manifest)


@pytest.mark.parametrize("error", [1.0, float("nan")])
def test_wrong_answers_do_not(error: float, release: Release) -> None:
    logits = np.array(release.manifest.golden.logits, np.float32)
    logits[1, 3] += error
    with pytest.raises(golden.GoldenMismatch, match="does not give its golden answers in f32"):
        golden.check(Parrot(logits), release.manifest)
