import torch
from torch import nn

from videoxception.clip import ClipSpec
from videoxception.nets.fused_norms import FusedVideoXception, fuse_norms, round_for_bf16
from videoxception.nets.served import Served
from videoxception.nets.videoxception import VideoXception

SPEC = ClipSpec(frames=3, size=(16, 16), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))


def trained() -> VideoXception:
    """A network whose batch norms have seen something."""
    torch.manual_seed(0)
    net = VideoXception(4, (6, 8), (3, 5))
    for module in net.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.2, 2)
    return net.eval()


def clips() -> torch.Tensor:
    return torch.randint(0, 256, (2, *SPEC.shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_fusing_changes_no_answer() -> None:
    served = Served(trained(), SPEC).eval()
    torch.testing.assert_close(fuse_norms(served, SPEC)(clips()), served(clips()), atol=1e-4, rtol=1e-4)


def test_fusing_a_network_with_others() -> None:
    served = Served(trained(), SPEC, auxiliary=2).eval()
    assert served(clips()).shape == (2, 3)
    torch.testing.assert_close(fuse_norms(served, SPEC)(clips()), served(clips()), atol=1e-4, rtol=1e-4)


def test_fusing_leaves_the_network_itself_alone() -> None:
    served = Served(trained(), SPEC).eval()
    before = served(clips())
    fuse_norms(served, SPEC)
    assert torch.equal(served(clips()), before)


def test_rounded_weights_fuse_to_bf16_numbers() -> None:
    net = trained()
    round_for_bf16(net, SPEC)
    for name, weight in FusedVideoXception(net, SPEC).named_parameters():
        if name.endswith("weight"):
            torch.testing.assert_close(weight.bfloat16().float(), weight, atol=0, rtol=1e-6, msg=name)


def test_rounding_moves_weights_by_half_a_step_at_most() -> None:
    net, rounded = trained(), trained()
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
