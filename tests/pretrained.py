"""The packages of the extra `pretrained`, and the independent implementation of the networks that they are for."""

import pytest
import torch
from torch import Tensor, nn

from training.model.imagenet import LITE0, LITE1, LITE2, imagenet_weights

PACKAGES = {"lite0": LITE0, "lite1": LITE1, "lite2": LITE2}


def weights_or_skip(name: str) -> dict[str, Tensor]:
    """The weights of "lite0", by our names; the test is skipped where their package is missing."""
    if PACKAGES[name].find() is None:
        pytest.skip(f"{PACKAGES[name].name} is not installed (extra `pretrained`)")
    return imagenet_weights(PACKAGES[name])


def peer_or_skip(name: str, size: tuple[int, int]) -> nn.Module:
    """The network as efficientnet-lite-pytorch has it, with the package's weights, for frames of one size."""
    peers = pytest.importorskip(
        "efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed (extra `dev`)"
    )
    weights_or_skip(name)
    peer = peers.EfficientNet.from_name(f"efficientnet-{name}", image_size=list(size)).eval()
    peer.load_state_dict(torch.load(str(PACKAGES[name].find()), weights_only=True))
    return peer
