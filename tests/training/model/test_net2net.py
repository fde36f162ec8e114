"""Type B that begins as a trained type A, and what is not that."""

import pytest
import torch

from training.model.net2net import _PASSED_ON, grow_deeper
from videoxception.nets import create
from videoxception.nets.videoxception import VideoXception, videoxception_a, videoxception_b

CLASSES = 5


def trained(seed: int = 0) -> VideoXception:
    torch.manual_seed(seed)
    net = videoxception_a(CLASSES).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_var.uniform_(0.1, 2)
            module.running_mean.uniform_(-0.2, 0.2)
    return net


def test_it_says_what_the_smaller_one_says_of_the_largest_of_each_channel() -> None:
    small, large = trained(), videoxception_b(CLASSES).eval()
    large.load_state_dict(grow_deeper(small.state_dict(), large))
    clips = torch.rand(2, 3, 4, 64, 64)
    with torch.inference_mode():
        features = small.norm(clips)
        features = small.stem(features)
        for block in small.blocks:
            features = block(features)
        expected = small.head(_PASSED_ON**3 * features.amax((3, 4)).mean(2))
        assert torch.allclose(large(clips), expected, rtol=1e-4, atol=1e-5)


def test_everything_that_is_new_can_learn() -> None:
    large = videoxception_b(CLASSES)
    large.load_state_dict(grow_deeper(trained().state_dict(), large))
    # After one step the head looks at the new channels, and the products are no longer zero.
    optimizer = torch.optim.SGD(large.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        large(torch.rand(2, 3, 1, 128, 128)).square().sum().backward()
        optimizer.step()
    for name, parameter in large.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("larger", ["videoxception-a", "videoxception-b"])
def test_weights_of_another_kind_are_left_as_they_are(larger: str) -> None:
    net = create(larger, CLASSES)
    without_head = {name: tensor for name, tensor in trained().state_dict().items() if not name.startswith("head.")}
    other_trunk = VideoXception(CLASSES, (32, 64), (3, 3)).state_dict()
    for weights in (without_head, other_trunk, net.state_dict(), videoxception_b(CLASSES).state_dict()):
        assert grow_deeper(weights, net) is weights


def test_a_network_with_blocks_of_its_own_is_not_changed_by_asking() -> None:
    net = videoxception_b(CLASSES)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    grow_deeper(trained().state_dict(), net)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
