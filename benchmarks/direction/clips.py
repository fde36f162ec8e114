"""Clips of a bright textured square on a dark background: it moves to the left, to the right, up, down, or not at all.

No frame tells the direction, nor do all frames together without their order: places are uniform, since the square comes
in again on the other side where it leaves, and the time reversal of every clip is as likely, under the opposite label.
"""

import torch
from torch import Tensor

CLASSES = ("left", "right", "up", "down", "still")
OPPOSITE = torch.tensor([1, 0, 3, 2, 4])
"""The class of a clip's time reversal, by its own."""

_STEPS = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1], [0, 0]])  # to the right and down
_FASTEST = 3  # pixels a frame, of frames of 32
_UNIT = 32  # pixels
_CELL = 4  # pixels of a background's squares
_SIDES = (7, 14)  # pixels of the moving square, of frames of 32


def draw(count: int, frames: int, size: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw clips float (count, 3, frames, size, size) in 0..1 and their classes (count,)."""
    unit = max(1, size // _UNIT)
    labels = torch.randint(len(CLASSES), (count,), generator=rng)
    speed = unit * torch.randint(1, _FASTEST + 1, (count, 1), generator=rng)
    start = torch.randint(size, (count, 2), generator=rng)
    time = torch.arange(frames).view(1, frames, 1)
    corner = start[:, None] + (speed * _STEPS[labels])[:, None] * time  # (count, frames, 2), x and y
    if frames > 1:  # half of the clips run backwards, under the opposite label: the same clips, told twice
        backwards = torch.rand(count, generator=rng) < 0.5
        corner = torch.where(backwards.view(-1, 1, 1), corner.flip(1), corner)
        labels = torch.where(backwards, OPPOSITE[labels], labels)
    return _render(corner, size, unit, rng), labels


def _render(corner: Tensor, size: int, unit: int, rng: torch.Generator) -> Tensor:
    """Return clips (N, 3, T, S, S) of squares whose upper left corners are at `corner` (N, T, 2), modulo S."""
    count, frames, _ = corner.shape
    place = torch.arange(size)
    x = (place - corner[..., :1]) % size  # (N, T, S), from the square's left edge
    y = (place - corner[..., 1:]) % size
    side = unit * torch.randint(*_SIDES, (count, 1, 1), generator=rng)
    inside = (y < side).unsqueeze(3) & (x < side).unsqueeze(2)  # (N, T, S, S)
    background = 0.4 * _texture(count, size, unit, rng)
    texture = 0.5 + 0.5 * _texture(count, size, unit, rng)
    number = torch.arange(count).view(-1, 1, 1, 1)
    moved = texture[number, :, y.unsqueeze(3), x.unsqueeze(2)].permute(0, 4, 1, 2, 3)
    return torch.where(inside.unsqueeze(1), moved, background.unsqueeze(2).expand(-1, -1, frames, -1, -1))


def _texture(count: int, size: int, unit: int, rng: torch.Generator) -> Tensor:
    """Draw pictures (N, 3, S, S) of squares of random colours around one of the picture's own."""
    cells = -(-size // (_CELL * unit))
    colour = torch.rand(count, 3, 1, 1, generator=rng)
    noise = torch.rand(count, 3, cells, cells, generator=rng)
    coarse = (0.7 * colour + 0.3 * noise).repeat_interleave(_CELL * unit, 2).repeat_interleave(_CELL * unit, 3)
    return coarse[..., :size, :size]
