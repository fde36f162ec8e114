"""What a network gets in training is what it gets when served, and what the documents say of its preprocessing."""

import numpy as np
import pytest
import torch
from torch import nn

from videoxception.clip import ClipSpec
from videoxception.nets.normalise import normalise
from videoxception.nets.registry import ARCHITECTURES, info
from videoxception.nets.served import Served


def seen_when_served(spec: ClipSpec, frames: np.ndarray) -> torch.Tensor:
    return Served(nn.Identity(), spec)(torch.from_numpy(frames))


@pytest.mark.parametrize("name", ["videoxception-a", "r3d_18", "eco_lite", "mvit_v2_s"])
def test_training_and_serving_give_the_same_numbers(name: str) -> None:
    spec = info(name).clip
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 5, 3), np.uint8)
    clips = torch.from_numpy(frames).permute(0, 4, 1, 2, 3).float() / 255
    torch.testing.assert_close(normalise(clips, spec), seen_when_served(spec, frames), atol=1e-4, rtol=1e-5)


def test_clips_in_the_range_of_bytes_are_left_alone() -> None:
    clips = torch.rand(1, 3, 2, 4, 4)
    assert normalise(clips, ClipSpec()) is clips


def test_eco_takes_bytes_of_blue_green_red_less_their_means() -> None:
    """A clip's frames are in the spec's order already: `channels` is obeyed where they are decoded."""
    spec = info("eco_lite").clip
    assert spec.channels == "BGR"
    blue_green_red = np.array([10, 20, 30], np.uint8)
    seen = seen_when_served(spec, np.broadcast_to(blue_green_red, (1, 1, 1, 1, 3)).copy())
    assert seen.flatten().tolist() == [10 - 104, 20 - 117, 30 - 123]


def test_the_video_resnets_take_kinetics_colours() -> None:
    """The means and deviations of the document, and of torchvision's own transform."""
    from torchvision.models.video import R3D_18_Weights

    transform = R3D_18_Weights.KINETICS400_V1.transforms()
    spec = info("r3d_18").clip
    assert (list(spec.mean), list(spec.std)) == (transform.mean, transform.std)
    assert [spec.fit.height, spec.fit.width] == transform.resize_size
    assert list(spec.size) == transform.crop_size


def test_every_clip_is_one_that_can_be_cut_out() -> None:
    for name, known in ARCHITECTURES.items():
        assert ClipSpec.model_validate(known.clip.model_dump()) == known.clip, name
