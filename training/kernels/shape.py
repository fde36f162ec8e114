"""The shape of the activations that kernels work on, and how much of them a program takes."""

from dataclasses import dataclass

COLUMNS = 64
"""Channels of a product that a program makes; the network's must be a multiple of it."""
POOLED = 64
"""Pooled pixels that a program of a product works on at a time."""

TEMPORAL_WARPS = 8
"""Of a program that keeps a window of frames in registers."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Clips of frames with channels, and the length of the kernels that go over them."""

    clips: int
    frames: int
    height: int
    width: int
    channels: int
    kernel: int

    @property
    def places(self) -> int:
        """Pixels of one frame of each clip."""
        return self.clips * self.height * self.width

    @property
    def pixels(self) -> int:
        """Pixels of all frames."""
        return self.places * self.frames

    @property
    def lanes(self) -> int:
        """Pixels that a program of a depthwise convolution works on: fewer if its window of frames is long."""
        return 64 if self.kernel <= 3 else 32

    @property
    def block(self) -> int:
        """Channels that a program of a depthwise convolution works on."""
        return min(32, _power_of_2(self.channels))

    @property
    def depth(self) -> int:
        """Channels that a product takes at a time; tensor cores take 16 or more."""
        return min(64, max(16, _power_of_2(self.channels)))


def _power_of_2(least: int) -> int:
    return 1 << (least - 1).bit_length()
