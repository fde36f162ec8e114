from typing import Any

import pytest
import torch

from videoxception import nets
from videoxception.nets.planar import Passes, forward_fast, product
from videoxception.nets.videoxception import ResidualBlock, VideoXception


def small(seed: int = 0, **options: Any) -> VideoXception:
    """Both kernel sizes of types A and B, few channels, in float64."""
    torch.manual_seed(seed)
    return VideoXception(5, (6, 8, 10), (3, 3, 7), **options).double()


@pytest.mark.parametrize("frames", [1, 2, 5, 10])
def test_equals_the_network_in_evaluation(frames: int) -> None:
    net, clips = small().eval(), torch.rand(3, 3, frames, 16, 24, dtype=torch.float64)
    torch.testing.assert_close(forward_fast(net, clips), net(clips))


@pytest.mark.parametrize("frames", [1, 4])
def test_equals_the_network_in_training(frames: int) -> None:
    """Logits, gradients and running statistics."""
    clips = torch.rand(4, 3, frames, 16, 24, dtype=torch.float64)
    plain, planar = small(), small()
    torch.testing.assert_close(forward_fast(planar, clips), plain(clips))
    plain(clips).square().sum().backward()
    forward_fast(planar, clips).square().sum().backward()
    for (name, expected), (_, found) in zip(plain.named_parameters(), planar.named_parameters(), strict=True):
        assert expected.grad is not None, name
        torch.testing.assert_close(found.grad, expected.grad, msg=name)
    for (name, expected), (_, found) in zip(plain.named_buffers(), planar.named_buffers(), strict=True):
        torch.testing.assert_close(found, expected, msg=name)


def test_equals_the_network_with_dropout_and_stochastic_depth() -> None:
    clips, said = torch.rand(6, 3, 4, 16, 24, dtype=torch.float64), []
    for forward in (lambda net, x: net(x), forward_fast):
        net = small(stochastic_depth=0.5, dropout=0.5)
        torch.manual_seed(3)
        said.append(forward(net, clips))
    torch.testing.assert_close(said[0], said[1])


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("laid_out", [(0, 1, 2, 3, 4), (0, 2, 1, 3, 4), (0, 2, 3, 4, 1)])
def test_maps_are_channels_last_however_the_clips_lie(frames: int, laid_out: tuple[int, ...]) -> None:
    """Else a step on a CPU takes nearly twice as long."""
    clips = torch.rand(2, 3, frames, 16, 24, dtype=torch.float64)
    clips = clips.permute(laid_out).contiguous().permute([laid_out.index(k) for k in range(5)])
    seen = []

    def product_and_look(block: ResidualBlock, h: torch.Tensor, x: torch.Tensor, pooled: bool) -> torch.Tensor:
        made = product(block, h, x, pooled)
        seen.extend([h, x, made])
        return made

    forward_fast(small(), clips, Passes(product=product_and_look))
    assert len(seen) == 9
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in seen)


def test_other_networks_run_as_they_are() -> None:
    net = torch.nn.Flatten()
    assert forward_fast(net, torch.zeros(2, 3)).shape == (2, 3)


def test_is_quick_for_the_released_types() -> None:
    net = nets.create("videoxception-a", 16).eval()
    assert isinstance(net, VideoXception)
    assert forward_fast(net, torch.zeros(1, 3, 2, 32, 32)).shape == (1, 16)
