from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from training.bank.exact import ExactBank
from training.bank.spec import BankSpec
from training.cache.spec import CacheSpec
from videoxception.clip import ClipSpec, Frames

SPEC = BankSpec(trunk="a", stages=8, size=4, shape=(3,), augmentation="b")
VIDEO, STILL = Path("video.mp4"), Path("still.jpg")


class Clips:
    """A video of two frames and a still."""

    spec = CacheSpec(ClipSpec(frames=2, size=(4, 4)), 2, (4, 4))

    def clip(self, path: Path) -> Frames:
        levels = [10, 20] if path == VIDEO else [30]
        return np.repeat(np.array(levels, np.uint8), 48).reshape(-1, 4, 4, 3)

    def copy(self, path: Path) -> Frames:
        raise AssertionError("exact clips are not larger copies")


def mean_colour(frames: Tensor) -> npt.NDArray[np.float16]:
    """What stands for a network: (V, 3, H, W) in 0..1 -> (V, 3)."""
    return (frames.mean((2, 3)) * 255).half().numpy()


def filled(folder: Path) -> ExactBank:
    bank = ExactBank(folder, SPEC)
    bank.fill(mean_colour, Clips(), [VIDEO, STILL])
    return bank


def test_each_frame_of_a_clip_has_its_features(tmp_path: Path) -> None:
    video, still = filled(tmp_path).frames([VIDEO, STILL], 2)
    assert video[:, 0] == pytest.approx([10, 20], rel=1e-3)
    assert still[:, 0] == pytest.approx([30, 30], rel=1e-3)


def test_what_is_there_is_not_computed_again(tmp_path: Path) -> None:
    filled(tmp_path)

    def never(_: Tensor) -> npt.NDArray[np.float16]:
        raise AssertionError("it was there")

    ExactBank(tmp_path, SPEC).fill(never, Clips(), [VIDEO, STILL])
    with pytest.raises(AssertionError, match="it was there"):
        ExactBank(tmp_path, replace(SPEC, trunk="another")).fill(never, Clips(), [STILL])


def test_drawing_leaves_the_number_of_threads_as_it_was(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    filled(tmp_path)
    assert torch.get_num_threads() == before
