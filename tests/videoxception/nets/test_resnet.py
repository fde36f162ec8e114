"""The video ResNets, beside torchvision's and the paper's description."""

import pytest
import torch
from torch import nn
from torchvision.models import video

from videoxception import nets
from videoxception.nets.resnet import VideoResNet

# The groups whose convolutions span time: arXiv 1711.11248, section 3.2.
IN_3D = {
    "r3d_18": {1, 2, 3, 4, 5},
    "r2plus1d_18": {1, 2, 3, 4, 5},
    "mc2_18": {1},
    "mc3_18": {1, 2},
    "mc4_18": {1, 2, 3},
    "mc5_18": {1, 2, 3, 4},
    "rmc2_18": {2, 3, 4, 5},
    "rmc3_18": {3, 4, 5},
    "rmc4_18": {4, 5},
    "rmc5_18": {5},
    "r2d_18": set(),
    "fr2d_18": set(),
}


def groups(net: nn.Module) -> list[nn.Module]:
    return [net.get_submodule(name) for name in ("stem", "layer1", "layer2", "layer3", "layer4")]


def convolutions(module: nn.Module) -> list[nn.Conv3d]:
    return [each for each in module.modules() if isinstance(each, nn.Conv3d)]


@pytest.mark.parametrize("name", IN_3D)
def test_the_groups_that_span_time(name: str) -> None:
    net = nets.create(name, 4, width=0.125)
    found = {
        number
        for number, group in enumerate(groups(net), 1)
        if any(conv.kernel_size[0] > 1 for conv in convolutions(group))
    }
    assert found == IN_3D[name]


@pytest.mark.parametrize(("depth", "blocks"), [(18, [2, 2, 2, 2]), (34, [3, 4, 6, 3])])
def test_the_depths(depth: int, blocks: list[int]) -> None:
    net = nets.create(f"r2plus1d_{depth}", 4, width=0.125)
    assert [len(list(group.children())) for group in groups(net)[1:]] == blocks
    counted = [conv for conv in convolutions(net) if conv.kernel_size[1] > 1]
    assert len(counted) + 1 == depth  # and the last layer


def mid_planes(time: int, side: int, inputs: int, outputs: int) -> int:
    """How many planes between space and time leave as many weights as one 3-D convolution has: section 3.5."""
    return time * side**2 * inputs * outputs // (side**2 * inputs + time * outputs)


def test_the_formula_of_mid_planes() -> None:
    assert [mid_planes(3, 3, n, m) for n, m in ((64, 64), (64, 128), (128, 128), (256, 512))] == [144, 230, 288, 921]
    for name in ("r2plus1d_18", "r2plus1d_34"):
        with torch.device("meta"):
            net = nets.create(name, 4)
        planes = 64
        for group in groups(net)[1:]:
            for block in group.children():
                over_space, over_time, *others = convolutions(block)
                assert over_space.out_channels == mid_planes(3, 3, planes, over_time.out_channels)
                assert others[0].out_channels == over_space.out_channels  # one figure a block, as torchvision
                planes = over_time.out_channels


@pytest.mark.parametrize("name", ["r3d_18", "mc3_18", "r2plus1d_18"])
def test_torchvisions_weights_load_key_for_key(name: str) -> None:
    with torch.device("meta"):
        theirs, ours = getattr(video, name)(num_classes=11), nets.create(name, 11)
    shapes = {key: tensor.shape for key, tensor in theirs.state_dict().items()}
    assert {key: tensor.shape for key, tensor in ours.state_dict().items()} == shapes
    assert list(ours.state_dict()) == list(theirs.state_dict())


@pytest.mark.parametrize("name", ["mc3_18", pytest.param("r3d_18", marks=pytest.mark.slow), "r2plus1d_18"])
def test_torchvisions_weights_give_torchvisions_logits(name: str) -> None:
    with torch.device("meta"):
        theirs, ours = getattr(video, name)(num_classes=11).eval(), nets.create(name, 11).eval()
    rng = torch.Generator().manual_seed(0)
    weights = {
        key: torch.rand(tensor.shape, generator=rng) * 0.1 + 0.01 if tensor.is_floating_point() else torch.tensor(0)
        for key, tensor in theirs.state_dict().items()
    }
    for net in (theirs, ours):
        net.load_state_dict(weights, assign=True)
    clips = torch.rand(1, 3, 4, 16, 16, generator=rng)
    with torch.inference_mode():
        assert torch.equal(ours(clips), theirs(clips))


def test_frame_by_frame_knows_no_order_and_stacked_frames_do() -> None:
    torch.manual_seed(0)
    clips = torch.randn(2, 3, 8, 32, 32)
    with torch.inference_mode():
        by_frame, stacked = (nets.create(name, 4, width=0.125, frames=8).eval() for name in ("fr2d_18", "r2d_18"))
        torch.testing.assert_close(by_frame(clips), by_frame(clips.flip(2)))
        assert (stacked(clips) - stacked(clips.flip(2))).abs().max() > 1e-3


def test_stacked_frames_are_the_channels_of_one() -> None:
    net = VideoResNet(4, "r2d", 18, width=0.125, stacked=5)
    assert net.stem[0].weight.shape == (8, 15, 1, 7, 7)
    seen = []
    net.stem.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    clip = torch.arange(5.0).view(1, 1, 5, 1, 1).expand(1, 3, 5, 16, 16)
    net.eval()(clip)
    assert seen[0][0, :, 0, 0, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
