"""The fused halves of a block against float64 PyTorch: on a GPU, or by Triton's interpreter."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from training.kernels.depthwise import fused_depthwise
from training.kernels.passes import FUSED
from training.kernels.product import fused_product
from videoxception.nets import planar
from videoxception.nets.planar import PLAIN, Passes, depthwise, forward_fast, product
from videoxception.nets.videoxception import CTSeparableConv3D, ResidualBlock, VideoXception

SHAPES = [(2, 4, 6, 8, 64, 3), (3, 3, 5, 7, 32, 3), (2, 1, 4, 4, 48, 3), (2, 5, 4, 4, 32, 7), (2, 3, 6, 6, 3, 3)]
Made = dict[str, Tensor]
Depthwise = Callable[[CTSeparableConv3D, Tensor, int], Tensor]
Product = Callable[[ResidualBlock, Tensor, Tensor, bool], Tensor]


def drawn_stage(channels: int, kernel: int, device: torch.device) -> CTSeparableConv3D:
    torch.manual_seed(channels + kernel)
    stage = CTSeparableConv3D(channels, channels, kernel).to(device)
    for norm in (stage.spatial_norm, stage.temporal_norm):
        nn.init.normal_(norm.weight, 1.0, 0.3)
        nn.init.normal_(norm.bias, 0.2, 0.3)
    return stage


def drawn(clips: int, frames: int, height: int, width: int, channels: int, device: torch.device) -> Tensor:
    """(B*T, C, H, W), channels last, with a mean that a sum of squares must get over."""
    rng = torch.Generator().manual_seed(7)
    x = torch.randn(clips * frames, height, width, channels, generator=rng) + 1.5
    return x.to(device).permute(0, 3, 1, 2)


def learnt(stage: CTSeparableConv3D) -> list[tuple[str, nn.Parameter]]:
    """What the depthwise half has: everything but the convolution across channels."""
    return [(name, each) for name, each in stage.named_parameters() if not name.startswith("6.")]


def everything(by: Depthwise, stage: CTSeparableConv3D, x: Tensor, weight: Tensor, frames: int) -> Made:
    """The output, each gradient of its sum with these weights, and the norms' running averages."""
    x = x.detach().requires_grad_()
    y = by(stage, x, frames)
    (y.to(weight.dtype) * weight).sum().backward()
    gradients = {name: parameter.grad for name, parameter in learnt(stage)} | {"input": x.grad}
    return (
        {"output": y.detach()}
        | {name: g for name, g in gradients.items() if g is not None}
        | dict(stage.named_buffers())
    )


def errors(found: Made, expected: Made) -> dict[str, float]:
    assert found.keys() == expected.keys()
    return {name: float((found[name].double() - e.double()).norm() / e.double().norm()) for name, e in expected.items()}


def allowed(plain: float, device: torch.device) -> float:
    """The error allowed in bf16, of PyTorch's own: the interpreter cuts numbers off where a card rounds them."""
    return 1.1 * plain + 1e-5 if device.type == "cuda" else max(2 * plain, 1e-2)


@pytest.mark.parametrize(("clips", "frames", "height", "width", "channels", "kernel"), SHAPES)
def test_depthwise_f32(
    clips: int, frames: int, height: int, width: int, channels: int, kernel: int, kernel_device: torch.device
) -> None:
    x, stage = (
        drawn(clips, frames, height, width, channels, kernel_device),
        drawn_stage(channels, kernel, kernel_device),
    )
    weight = torch.randn(x.shape, generator=torch.Generator().manual_seed(8)).to(kernel_device)
    exact = everything(depthwise, copy.deepcopy(stage).double(), x.double(), weight.double(), frames)
    found = errors(everything(fused_depthwise, stage, x, weight, frames), exact)
    assert max(found.values()) < 1e-5, found


def test_depthwise_bf16_is_as_near_as_plain_pytorch(kernel_device: torch.device) -> None:
    x = drawn(2, 4, 8, 8, 64, kernel_device).bfloat16()
    stage = drawn_stage(64, 3, kernel_device)
    weight = torch.randn(x.shape, generator=torch.Generator().manual_seed(8)).to(kernel_device)
    exact = everything(depthwise, copy.deepcopy(stage).double(), x.double(), weight.double(), 4)
    with torch.autocast(kernel_device.type, torch.bfloat16):
        plain = errors(everything(depthwise, copy.deepcopy(stage), x, weight, 4), exact)
        fused = errors(everything(fused_depthwise, stage, x, weight, 4), exact)
    assert fused["output"] < 1e-2
    for name, error in fused.items():
        assert error <= allowed(plain[name], kernel_device), (name, error, plain[name])


def test_autocast_decides_the_type(kernel_device: torch.device) -> None:
    stage, x = drawn_stage(32, 3, kernel_device), drawn(1, 2, 4, 4, 32, kernel_device).requires_grad_()
    assert fused_depthwise(stage, x, 2).dtype == torch.float32
    with torch.autocast(kernel_device.type, torch.bfloat16):
        y = fused_depthwise(stage, x, 2)
    assert y.dtype == torch.bfloat16
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == torch.float32


def test_a_step_can_be_repeated_to_the_bit(kernel_device: torch.device) -> None:
    x, stage = drawn(3, 4, 8, 8, 64, kernel_device), drawn_stage(64, 3, kernel_device)
    weight = torch.ones_like(x)
    first = everything(fused_depthwise, copy.deepcopy(stage), x, weight, 4)
    again = everything(fused_depthwise, copy.deepcopy(stage), x, weight, 4)
    assert all(torch.equal(first[name], again[name]) for name in first)


def stepped(net: nn.Module, clips: Tensor, passes: Passes) -> Made:
    """The logits, and the gradient of all parameters in a row."""
    logits = forward_fast(net, clips, passes)
    logits.square().sum().backward()
    gradient = torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])
    return {"logits": logits.detach(), "gradient": gradient}


@pytest.mark.parametrize("drop", [0.0, 0.5])
def test_whole_networks(drop: float, kernel_device: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = torch.tensor([0.0, 2.0, 2.0])  # not drawn: a card draws others for f64 than for f32
    monkeypatch.setattr(planar, "draw_kept", lambda like, clips, drop: kept.to(like))
    torch.manual_seed(0)
    net = VideoXception(5, (64, 64, 128), (3, 7, 3), stochastic_depth=drop).to(kernel_device).train()
    clips = torch.rand(3, 3, 2, 16, 16).to(kernel_device)
    exact = stepped(copy.deepcopy(net).double(), clips.double(), PLAIN)
    plain, fused = (errors(stepped(copy.deepcopy(net), clips, passes), exact) for passes in (PLAIN, FUSED))
    assert fused["logits"] <= 2 * plain["logits"] + 1e-5  # norms over few pixels make much of a last digit
    assert fused["gradient"] <= 2 * plain["gradient"] + 1e-5


@pytest.mark.parametrize("frozen", ["everything", "a norm"])
def test_evaluation_and_frozen_norms_are_left_to_pytorch(frozen: str, kernel_device: torch.device) -> None:
    stage, x = drawn_stage(32, 3, kernel_device), drawn(1, 2, 4, 4, 32, kernel_device)
    (stage if frozen == "everything" else stage.temporal_norm).eval()
    assert torch.equal(fused_depthwise(copy.deepcopy(stage), x, 2), depthwise(stage, x, 2))


def test_numbers_that_are_none_stay_so(kernel_device: torch.device) -> None:
    block, x = drawn_block(32, 64, kernel_device), drawn(2, 1, 4, 4, 32, kernel_device)
    x[0, 0, 0, 0] = torch.nan
    assert fused_product(block, x, x, True)[0, :, 0, 0].isnan().all()
    assert fused_depthwise(drawn_stage(32, 3, kernel_device), x, 2)[:, 0].isnan().all()


def drawn_block(channels: int, wide: int, device: torch.device) -> ResidualBlock:
    torch.manual_seed(channels + wide)
    return ResidualBlock(channels, wide, 3).to(device)


def process_group(by: Product, block: ResidualBlock, h: Tensor, x: Tensor, weight: Tensor, pooled: bool = True) -> Made:
    """The output, and each gradient of its sum with these weights."""
    h, x = h.detach().requires_grad_(), x.detach().requires_grad_()
    y = by(block, h, x, pooled)
    (y.to(weight.dtype) * weight).sum().backward()
    gradients = {name: parameter.grad for name, parameter in block.named_parameters()} | {"h": h.grad, "x": x.grad}
    return {"output": y.detach()} | {name: g for name, g in gradients.items() if g is not None}


def drawn_weight(frames: int, height: int, width: int, channels: int, device: torch.device) -> Tensor:
    rng = torch.Generator().manual_seed(9)
    return torch.randn(frames, height // 2, width // 2, channels, generator=rng).permute(0, 3, 1, 2).to(device)


@pytest.mark.parametrize(("frames", "height", "width", "channels", "wide"), [(3, 8, 12, 64, 128), (5, 6, 4, 3, 64)])
def test_product_f32(
    frames: int, height: int, width: int, channels: int, wide: int, kernel_device: torch.device
) -> None:
    block = drawn_block(channels, wide, kernel_device)
    x = drawn(frames, 1, height, width, channels, kernel_device)
    h, weight = x.flip(1).relu(), drawn_weight(frames, height, width, wide, kernel_device)
    exact = process_group(product, copy.deepcopy(block).double(), h.double(), x.double(), weight.double())
    found = errors(process_group(fused_product, block, h, x, weight), exact)
    assert len(found) == 6
    assert max(found.values()) < 1e-5, found


def test_product_goes_through_more_than_one_chunk(kernel_device: torch.device) -> None:
    block, x = drawn_block(3, 64, kernel_device), drawn(2, 1, 128, 130, 3, kernel_device)
    h, weight = x.flip(1).relu(), drawn_weight(2, 128, 130, 64, kernel_device)
    exact = process_group(product, copy.deepcopy(block).double(), h.double(), x.double(), weight.double())
    assert max(errors(process_group(fused_product, block, h, x, weight), exact).values()) < 1e-5


def test_product_bf16_is_as_near_as_plain_pytorch(kernel_device: torch.device) -> None:
    block, x = drawn_block(64, 64, kernel_device), drawn(4, 1, 8, 8, 64, kernel_device).bfloat16()
    h, weight = x.flip(1).relu(), drawn_weight(4, 8, 8, 64, kernel_device)
    exact = process_group(product, copy.deepcopy(block).double(), h.double(), x.double(), weight.double())
    with torch.autocast(kernel_device.type, torch.bfloat16):
        plain = errors(process_group(product, copy.deepcopy(block), h, x, weight), exact)
        fused = errors(process_group(fused_product, block, h, x, weight), exact)
    assert fused["output"] < 1e-2
    for name, error in fused.items():
        assert error <= allowed(plain[name], kernel_device), (name, error, plain[name])


@pytest.mark.parametrize(("size", "wide", "pooled"), [(5, 64, True), (4, 48, True), (4, 64, False)])
def test_what_the_product_does_not_do_is_left_to_pytorch(
    size: int, wide: int, pooled: bool, kernel_device: torch.device
) -> None:
    block, x = drawn_block(32, wide, kernel_device), drawn(2, 1, size, size, 32, kernel_device)
    assert torch.equal(fused_product(block, x, x, pooled), product(block, x, x, pooled))
