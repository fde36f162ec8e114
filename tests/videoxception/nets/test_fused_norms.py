from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.norms import stirred
from videoxception.clip import ClipSpec
from videoxception.nets.efficientnet_lite import LITE0
from videoxception.nets.fused_norms import fuse_norms, round_for_bf16
from videoxception.nets.served import Served
from videoxception.nets.videoxception import VideoXception
from videoxception.nets.videoxception_c import VideoXceptionC

SPEC = ClipSpec(frames=3, size=(16, 16), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))


def trained() -> VideoXception:
    torch.manual_seed(0)
    return stirred(VideoXception(4, (6, 8), (3, 5)))


def trained_c() -> VideoXceptionC:
    torch.manual_seed(0)
    net = stirred(VideoXceptionC(LITE0, 4))
    for name, weight in net.named_parameters():
        if ".temporal." in name:
            nn.init.normal_(weight, 0.3, 0.2)
    return net


Build = Callable[[], nn.Module]
both = pytest.mark.parametrize("build", [trained, trained_c])


def clips() -> torch.Tensor:
    return torch.randint(0, 256, (2, *SPEC.shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@both
def test_fusing_changes_no_answer(build: Build) -> None:
    served = Served(build(), SPEC).eval()
    torch.testing.assert_close(fuse_norms(served, SPEC)(clips()), served(clips()), atol=1e-4, rtol=1e-4)


@both
def test_fusing_a_network_with_others(build: Build) -> None:
    served = Served(build(), SPEC, auxiliary=2).eval()
    assert served(clips()).shape == (2, 3)
    torch.testing.assert_close(fuse_norms(served, SPEC)(clips()), served(clips()), atol=1e-4, rtol=1e-4)


@both
def test_fusing_leaves_the_network_itself_alone(build: Build) -> None:
    served = Served(build(), SPEC).eval()
    before = served(clips())
    fuse_norms(served, SPEC)
    assert torch.equal(served(clips()), before)


@both
def test_rounded_weights_fuse_to_bf16_numbers(build: Build) -> None:
    net = build()
    round_for_bf16(net, SPEC)
    for name, weight in fuse_norms(Served(net, SPEC).eval(), SPEC).named_parameters():
        if name.endswith("weight"):
            torch.testing.assert_close(weight.bfloat16().float(), weight, atol=0, rtol=1e-6, msg=name)


def test_rounded_weights_of_type_c_are_bf16_numbers_to_the_bit() -> None:
    """So that its graph takes half the room."""
    net = trained_c()
    round_for_bf16(net, SPEC)
    for name, weight in fuse_norms(Served(net, SPEC).eval(), SPEC).named_parameters():
        if name.endswith("weight"):
            assert torch.equal(weight.bfloat16().float(), weight), name


@both
def test_rounding_moves_weights_by_half_a_step_at_most(build: Build) -> None:
    net, rounded = build(), build()
    round_for_bf16(rounded, SPEC)
    for (name, weight), moved in zip(net.named_parameters(), rounded.parameters(), strict=True):
        assert ((moved - weight).abs() <= weight.abs() * 2**-8).all(), name


def test_a_channel_that_is_switched_off_stays_as_it_is() -> None:
    net = trained()
    with torch.no_grad():
        net.blocks[0].separable[1].weight[0] = 0
    round_for_bf16(net, SPEC)
    assert all(weight.isfinite().all() for weight in net.parameters())


def test_other_networks_are_served_as_they_are() -> None:
    served = Served(nn.Flatten(), SPEC)
    assert fuse_norms(served, SPEC) is served
