"""Weights of a network of frames -> those of the same network of clips."""

from collections.abc import Mapping

from torch import Tensor


def inflated(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Repeat each kernel (K, C, h, w) over time where the network's own is (K, C, t, h, w), divided by t.

    A clip whose frames are all one then gets that frame's features, but at its ends: section 2.2 of
    https://arxiv.org/abs/1705.07750.
    """
    return {name: _inflated(tensor, own[name]) if name in own else tensor for name, tensor in weights.items()}


def _inflated(tensor: Tensor, own: Tensor) -> Tensor:
    if tensor.ndim != 4 or own.ndim != 5:
        return tensor
    frames = own.shape[2]
    return tensor.unsqueeze(2).repeat(1, 1, frames, 1, 1) / frames
