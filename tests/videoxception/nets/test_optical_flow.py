"""Optical flow of shifts that are known."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from videoxception.nets.optical_flow import optical_flow
from videoxception.nets.two_stream import stacked_flow


def scene(x: float, y: float, size: int = 64) -> Tensor:
    """Waves, (1, 1, size, size), moved by x pixels to the right and y down: by a formula, so that nothing is scaled."""
    place = torch.arange(float(size))
    column, row = place.view(1, -1) - x, place.view(-1, 1) - y
    shown = torch.sin(column / 3.1 + row / 7.0) + torch.sin(row / 2.7) + torch.cos(column / 5.0 - row / 4.0)
    return (shown / 3).view(1, 1, size, size)


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (0.4, -0.7), (3.0, 0.0), (-2.5, 4.0), (6.0, -5.0)])
def test_a_shift_is_found(x: float, y: float) -> None:
    flow = optical_flow(scene(0, 0), scene(x, y))[0, :, 12:-12, 12:-12]
    expected = torch.tensor([x, y]).view(2, 1, 1)
    assert (flow - expected).abs().median() < 0.05
    assert (flow - expected).abs().quantile(0.95) < 0.3


def test_without_structure_nothing_moves() -> None:
    assert optical_flow(torch.ones(1, 1, 32, 32), torch.zeros(1, 1, 32, 32)).abs().max() == 0


def test_a_clips_flow_is_stacked_and_has_no_camera_motion() -> None:
    """A square moves to the right; the mean flow of each pair is taken away."""
    clip = torch.zeros(1, 3, 4, 32, 32)
    for frame in range(4):
        clip[:, :, frame, 10:20, 4 + 2 * frame : 14 + 2 * frame] = 1
    clip = F.avg_pool3d(clip, (1, 3, 3), 1, (0, 1, 1))
    flow = stacked_flow(clip)
    assert flow.shape == (1, 6, 32, 32)
    assert flow.mean((2, 3)).abs().max() < 1e-6
    for pair in range(3):
        around = slice(6 + 2 * pair, 14 + 2 * pair)
        right, down = flow[0, 2 * pair, 11:19, around], flow[0, 2 * pair + 1, 11:19, around]
        assert right.mean() > 0.1
        assert right.mean() > 5 * down.mean().abs()
