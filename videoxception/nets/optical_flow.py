"""Optical flow inside a network: the method of Lucas and Kanade from coarse to fine, in operations that export.

Source: Bouguet, "Pyramidal Implementation of the Lucas Kanade Feature Tracker", 2000. It has no weights. At each pixel
the flow is the shift that explains best, by least squares over a window, how the second frame differs from the first;
at each level the second frame is warped by what is known so far, and what remains is added.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

_WINDOW = 7  # pixels, at every level
_STEPS = 3  # at every level
_SMALLEST = 16  # pixels of the shorter side at the coarsest level
_MOST_LEVELS = 4
_DAMPING = 1e-3  # against windows without structure, in squares of the frames' units a pixel
_FARTHEST = 2.0  # pixels of one step


def optical_flow(first: Tensor, second: Tensor) -> Tensor:
    """Return how far each pixel of the first frames moves until the second ones.

    Args:
        first: (N, 1, H, W), grey, of the order of 1.
        second: the same.

    Returns:
        (N, 2, H, W), in pixels: to the right, and down.
    """
    pyramid = [(first, second)]
    while len(pyramid) < _MOST_LEVELS and min(pyramid[-1][0].shape[2:]) >= 2 * _SMALLEST:
        finer, later = pyramid[-1]
        pyramid.append((F.avg_pool2d(finer, 2), F.avg_pool2d(later, 2)))
    flow = torch.zeros_like(pyramid[-1][0]).expand(-1, 2, -1, -1)
    for before, after in reversed(pyramid):
        flow = _enlarged(flow, before)
        for _ in range(_STEPS):
            flow = _mean(flow + _step(before, _warped(after, flow)))  # unsmoothed, errors would grow from step to step
    return flow


def _enlarged(flow: Tensor, like: Tensor) -> Tensor:
    """Scale a flow up to the size of `like`, and its pixels with it."""
    height, width = like.shape[2:]
    if flow.shape[2:] == (height, width):
        return flow
    factor = width / flow.shape[3]
    return factor * F.interpolate(flow, (height, width), mode="bilinear", align_corners=False)


def _warped(frames: Tensor, flow: Tensor) -> Tensor:
    """Return what `frames` (N, 1, H, W) show where the flow leads."""
    height, width = frames.shape[2:]
    x = torch.arange(width, dtype=flow.dtype, device=flow.device)
    y = torch.arange(height, dtype=flow.dtype, device=flow.device).view(-1, 1)
    column = (2 * (x + flow[:, 0]) + 1) / width - 1  # -1 to 1 between the outer edges of the pixels
    row = (2 * (y + flow[:, 1]) + 1) / height - 1
    grid = torch.stack([column, row], 3)
    return F.grid_sample(frames, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _step(first: Tensor, warped: Tensor) -> Tensor:
    """Return the shift (N, 2, H, W) that explains the difference of two frames best, by least squares in windows."""
    padded = F.pad(first, (1, 1, 1, 1), mode="replicate")
    dx = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    dy = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    dt = warped - first
    xx, yy, xy = _mean(dx * dx) + _DAMPING, _mean(dy * dy) + _DAMPING, _mean(dx * dy)
    xt, yt = _mean(dx * dt), _mean(dy * dt)
    determinant = xx * yy - xy * xy  # at least the damping squared
    shift = torch.cat([xy * yt - yy * xt, xy * xt - xx * yt], 1) / determinant
    return shift.clamp(-_FARTHEST, _FARTHEST)


def _mean(x: Tensor) -> Tensor:
    """Return the mean over a window around each pixel."""
    return F.avg_pool2d(x, _WINDOW, 1, _WINDOW // 2, count_include_pad=False)
