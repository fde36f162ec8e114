import torch
from torch import nn

from videoxception.clip import ClipSpec
from videoxception.nets.folded import Folded, fold, settle
from videoxception.nets.served import Served
from videoxception.nets.videoxception import VideoXception

SPEC = ClipSpec(frames=3, size=(16, 16), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))


def trained(residual: bool = False) -> VideoXception:
    """A network whose batch norms have seen something."""
    torch.manual_seed(0)
    net = VideoXception(4, (6, 8), (3, 5), residual=residual)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.2, 2)
    return net.eval()


def clips() -> torch.Tensor:
    return torch.randint(0, 256, (2, *SPEC.shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_folding_changes_no_answer() -> None:
    served = Served(trained(), SPEC).eval()
    torch.testing.assert_close(fold(served, SPEC)(clips()), served(clips()), atol=1e-4, rtol=1e-4)


def test_folding_a_network_with_others() -> None:
    served = Served(trained(), SPEC, auxiliary=2).eval()
    assert served(clips()).shape == (2, 3)
    torch.testing.assert_close(fold(served, SPEC)(clips()), served(clips()), atol=1e-4, rtol=1e-4)


def test_folding_a_network_that_sees_changes() -> None:
    plain = ClipSpec(frames=3, size=(16, 16))
    served = Served(trained(residual=True), plain).eval()
    folded = fold(served, plain)
    assert isinstance(folded, Folded)
    torch.testing.assert_close(folded(clips()), served(clips()), atol=1e-4, rtol=1e-4)
    assert fold(served, SPEC) is served  # changes of bytes are not changes of what is normalised


def test_folding_leaves_the_network_itself_alone() -> None:
    served = Served(trained(), SPEC).eval()
    before = served(clips())
    fold(served, SPEC)
    assert torch.equal(served(clips()), before)


def test_settled_weights_fold_to_bf16_numbers() -> None:
    net = trained()
    settle(net, SPEC)
    for name, weight in Folded(net, SPEC).named_parameters():
        if name.endswith("weight"):
            torch.testing.assert_close(weight.bfloat16().float(), weight, atol=0, rtol=1e-6, msg=name)


def test_settling_moves_weights_by_rounding_only() -> None:
    net, settled = trained(), trained()
    settle(settled, SPEC)
    for (name, weight), moved in zip(net.named_parameters(), settled.parameters(), strict=True):
        assert ((moved - weight).abs() <= weight.abs() * 2**-8).all(), name


def test_a_channel_that_is_switched_off_stays_as_it_is() -> None:
    net = trained()
    with torch.no_grad():
        net.blocks[0].separable[1].weight[0] = 0
    settle(net, SPEC)
    assert all(weight.isfinite().all() for weight in net.parameters())


def test_other_networks_are_served_as_they_are() -> None:
    served = Served(nn.Flatten(), SPEC)
    assert fold(served, SPEC) is served
