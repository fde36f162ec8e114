"""Architectures at sizes that a test can afford, and the count of what they have at their full size."""

import torch
from torch import nn

from training.config.clip import ClipConfig
from videoxception.clip import ClipSpec
from videoxception.nets import create
from videoxception.nets.cost import CLASSES
from videoxception.nets.registry import clip_arguments, info

# One of each family, and of each way that a video ResNet has with time.
EACH_KIND = (
    *("r2plus1d_18", "r3d_18", "mc3_18", "rmc3_18", "r2d_18", "fr2d_18", "mvit_v2_s", "swin3d_t", "eco_full"),
    *("c3d", "slow_fusion", "cnn_lstm", "two_stream", "i3d", "vivit_tiny", "mini_vivit_tiny", "lite0_transformer"),
)
_NARROW = {"width": 0.125}


def small_clip(name: str) -> ClipSpec:
    """What an architecture of its reduced size is shown."""
    small = info(name).small
    return ClipConfig(clip_frames=small.frames, clip_size=small.size, clip_window=0).spec(name)


def small_net(name: str, classes: int = 4) -> nn.Module:
    """An architecture narrower still than its reduced size, where it has a width."""
    arguments = dict(info(name).small.arguments)
    narrow = _NARROW if arguments == {"width": 0.25} else {}
    return create(name, classes, **arguments | narrow | clip_arguments(name, small_clip(name)))


def parameters(name: str) -> int:
    """How many an architecture of its full size has with 400 classes."""
    with torch.device("meta"):
        net = create(name, CLASSES, **clip_arguments(name, info(name).clip))
    return sum(parameter.numel() for parameter in net.parameters())
