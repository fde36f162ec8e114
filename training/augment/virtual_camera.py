"""The virtual camera: one frame becomes a clip, by a smooth random path over it, sometimes with a cut.

A frame has no motion of its own; a camera that pans, zooms and tilts over it shows a network what real clips do have:
the same thing seen ten times from slightly different places. On the frames of a video the same path augments them.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.config.augmentation import CameraConfig


def render_camera_path(frames: Tensor, size: tuple[int, int], config: CameraConfig, rng: torch.Generator) -> Tensor:
    """Render frames (B, T, 3, h, w) as the camera sees them: float clips (B, 3, T, H, W), each with its own path."""
    batch, count, channels = frames.shape[:3]
    views = camera_path(batch, count, config, rng).to(frames)  # (B, T, 2, 3)
    grid = F.affine_grid(views.flatten(0, 1), [batch * count, channels, *size], align_corners=False)
    seen = F.grid_sample(
        frames.flatten(0, 1), grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )  # (B*T, 3, H, W)
    return seen.view(batch, count, channels, *size).transpose(1, 2)


def camera_path(batch: int, frames: int, config: CameraConfig, rng: torch.Generator) -> Tensor:
    """Draw where the camera looks: affine matrices (B, T, 2, 3) from its view to the frame, both from -1 to 1."""
    time = torch.linspace(0, 1, frames) if frames > 1 else torch.tensor([0.5])
    path = _smooth_path(batch, time, config, rng)
    after_cut = _smooth_path(batch, time, config, rng)
    cut_at = torch.rand(batch, 1, generator=rng)
    cut = (torch.rand(batch, 1, generator=rng) < config.cut_prob) & (time > cut_at)  # (B, T)
    path = torch.where(cut[..., None], after_cut, path)
    mirror = _coin(batch, 0.5 if config.flip else 0.0, rng) * -2 + 1  # (B,), 1 or -1
    return _matrices(path, mirror)


def _smooth_path(batch: int, time: Tensor, config: CameraConfig, rng: torch.Generator) -> Tensor:
    """Draw poses (B, T, 5): centre x and y, log width and height of the view, tilt in radians."""
    start = _poses(batch, config, rng)  # (B, 5)
    moving = 1 - _coin(batch, config.still_prob, rng)
    reach = torch.tensor([1.0, 1.0, 0.3, 0.3, 0.2]) * config.drift * start[:, 2].exp()[:, None]
    travel, bend = (torch.randn(batch, 5, generator=rng) * reach * moving[:, None] for _ in range(2))
    travel[:, 3], bend[:, 3] = travel[:, 2], bend[:, 2]  # a zoom keeps the shape of the view
    swing = torch.sin(torch.pi * time)[None, :, None]  # (1, T, 1)
    # A straight line and half a wave: (B, 1, 5) + (B, 1, 5) * (1, T, 1) + (B, 1, 5) * (1, T, 1)
    path = start[:, None] + travel[:, None] * (time - 0.5)[None, :, None] + 0.5 * bend[:, None] * swing
    view = path[..., 2:4].exp().clamp(max=1)
    centre = path[..., :2].clamp(-1, 1) * (1 - view)  # the view stays within the frame
    return torch.cat([centre, view.log(), path[..., 4:]], -1)


def _poses(batch: int, config: CameraConfig, rng: torch.Generator) -> Tensor:
    """Draw poses (B, 5): a share of the frame's area, of a random shape, anywhere in the frame."""
    area = config.min_area + (1 - config.min_area) * torch.rand(batch, generator=rng)
    shape = config.aspect * (2 * torch.rand(batch, generator=rng) - 1)
    sides = torch.stack([(area.log() + shape) / 2, (area.log() - shape) / 2], 1).clamp(max=0)  # logs of width, height
    centre = 2 * torch.rand(batch, 2, generator=rng) - 1  # as a share of the room that the view leaves
    tilt = torch.randn(batch, 1, generator=rng) * torch.deg2rad(torch.tensor(config.angle))
    return torch.cat([centre, sides, tilt], 1)


def _matrices(path: Tensor, mirror: Tensor) -> Tensor:
    """Convert poses (B, T, 5) to affine matrices (B, T, 2, 3)."""
    x, y, log_width, log_height, tilt = path.unbind(-1)
    width, height = log_width.exp() * mirror[:, None], log_height.exp()
    top = torch.stack([width * tilt.cos(), -height * tilt.sin(), x], -1)
    bottom = torch.stack([width * tilt.sin(), height * tilt.cos(), y], -1)
    return torch.stack([top, bottom], -2)


def _coin(batch: int, share: float, rng: torch.Generator) -> Tensor:
    """Draw 1 for about `share` of the batch, 0 for the rest: float (B,)."""
    return (torch.rand(batch, generator=rng) < share).float()
