"""ECO, against the layers that the source document prints and the size of BN-Inception."""

import re
from math import prod

import pytest
import torch

from videoxception import nets
from videoxception.nets.bn_inception import Eco2d, InceptionTail

# Inputs, outputs and kernel size of the 2-D network's convolutions, as the document has them.
PRINTED = {
    "basic_conv.conv1_7x7_s2": (3, 64, 7),
    "basic_conv.conv2_3x3_reduce": (64, 64, 1),
    "basic_conv.conv2_3x3": (64, 192, 3),
    "inception_a.inception_3a_1x1": (192, 64, 1),
    "inception_a.inception_3a_3x3_reduce": (192, 64, 1),
    "inception_a.inception_3a_3x3": (64, 64, 3),
    "inception_a.inception_3a_double_3x3_reduce": (192, 64, 1),
    "inception_a.inception_3a_double_3x3_1": (64, 96, 3),
    "inception_a.inception_3a_double_3x3_2": (96, 96, 3),
    "inception_a.inception_3a_pool_proj": (192, 32, 1),
    "inception_b.inception_3b_1x1": (256, 64, 1),
    "inception_b.inception_3b_3x3_reduce": (256, 64, 1),
    "inception_b.inception_3b_3x3": (64, 96, 3),
    "inception_b.inception_3b_double_3x3_reduce": (256, 64, 1),
    "inception_b.inception_3b_double_3x3_1": (64, 96, 3),
    "inception_b.inception_3b_double_3x3_2": (96, 96, 3),
    "inception_b.inception_3b_pool_proj": (256, 64, 1),
    "inception_c.inception_3c_double_3x3_reduce": (320, 64, 1),
    "inception_c.inception_3c_double_3x3_1": (64, 96, 3),
}
BN_INCEPTION = 11_295_240  # parameters with ImageNet's 1000 classes


def test_the_2d_network_is_the_documents() -> None:
    with torch.device("meta"):
        net = Eco2d()
        seen = net(torch.empty(16, 3, 224, 224))
    assert [tensor.shape for tensor in seen] == [(16, 320, 28, 28), (16, 96, 28, 28)]
    state = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items() if "tracked" not in name}
    for name, (inputs, outputs, size) in PRINTED.items():
        assert state.pop(f"{name}.weight") == (outputs, inputs, size, size)
        for own in (
            f"{name}.bias",
            *(f"{name}_bn.{part}" for part in ("weight", "bias", "running_mean", "running_var")),
        ):
            assert state.pop(own) == (outputs,)
    assert state == {}


def test_with_its_tail_it_is_bn_inception() -> None:
    with torch.device("meta"):
        net, tail = Eco2d(), InceptionTail(320)
        assert tail(*net(torch.empty(2, 3, 224, 224))).shape == (2, 1024)
    counted = sum(p.numel() for module in (net, tail) for p in module.parameters())
    assert counted + 1024 * 1000 + 1000 == BN_INCEPTION


def test_the_3d_network_is_the_later_half_of_a_resnet_18() -> None:
    with torch.device("meta"):
        net = nets.create("eco_lite", 400)
    found = {
        name.removesuffix(".weight"): tuple(tensor.shape[:2])
        for name, tensor in net.eco_3d.state_dict().items()
        if tensor.ndim == 5
    }
    assert found == {
        "res_3d_3.res3a_2": (128, 96),
        "res_3d_3.res3b_1": (128, 128),
        "res_3d_3.res3b_2": (128, 128),
        **stage("res_3d_4.res4", 128, 256),
        **stage("res_3d_5.res5", 256, 512),
    }
    assert all(re.search(r"\d[ab]", name) for name in found)
    assert all(prod(t.shape[2:]) == 27 for t in net.eco_3d.state_dict().values() if t.ndim == 5)
    assert net.fc_final.weight.shape == (400, 512)


def stage(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, int]]:
    first = {f"{name}a_1": (outputs, inputs), f"{name}a_2": (outputs, outputs), f"{name}a_down": (outputs, inputs)}
    return {**first, f"{name}b_1": (outputs, outputs), f"{name}b_2": (outputs, outputs)}


@pytest.mark.parametrize("size", [112, 80, 33])
def test_branches_meet_on_maps_with_odd_sides_too(size: int) -> None:
    """Of 112 pixels block 4e halves maps of 7 x 7: convolutions and poolings give 4 x 4, as on 8 x 8."""
    with torch.device("meta"):
        net = nets.create("eco_full", 7, width=0.25).eval()
        assert net(torch.empty(1, 3, 4, size, size)).shape == (1, 7)


@pytest.mark.parametrize(("name", "channels"), [("eco_lite", 512), ("eco_full", 512 + 1024)])
def test_what_is_pooled(name: str, channels: int) -> None:
    with torch.device("meta"):
        net = nets.create(name, 400)
        pooled = net.eco_3d(torch.empty(2, 96, 16, 28, 28))
    assert pooled.shape == (2, 512)
    assert net.fc_final.in_features == channels
