"""VideoXception as a CPU or GPU should run it: bytes in, every batch norm fused into the convolution beside it.

bf16 keeps 8 bits of each weight. If weights were rounded only at inference, logits in bf16 would be off by that
rounding, the same way for every frame. So weights are rounded before a model is released: each is changed, by a quarter
of a percent at most, so that its fused value is a bf16 number. Then f32 and bf16 multiply by the same numbers.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from videoxception.clip import ClipSpec
from videoxception.nets.background import join_background
from videoxception.nets.efficientnet_lite import MEAN, STD, ConvNorm
from videoxception.nets.served import Served
from videoxception.nets.videoxception import ResidualBlock, VideoXception
from videoxception.nets.videoxception_c import TemporalConv, VideoXceptionC


class FusedVideoXception(nn.Module):
    """Maps uint8 clips (B, F, H, W, 3) to the logits of `Served`, by convolutions with biases alone.

    Everything before the first block (scale, mean, std, batch norm, 1x1x1 convolution) is one affine map of the bytes.
    """

    def __init__(self, net: VideoXception, spec: ClipSpec, auxiliary: int = 0) -> None:
        super().__init__()
        self.auxiliary = auxiliary
        gain, shift = _input_map(net, spec)
        mix = net.stem.weight.double().view(3, 3)
        assert net.stem.bias is not None
        self.affine = nn.Conv3d(3, 3, 1)
        self.affine.weight = nn.Parameter((mix * gain).float().view(3, 3, 1, 1, 1), requires_grad=False)
        self.affine.bias = nn.Parameter((net.stem.bias.double() + mix @ shift).float(), requires_grad=False)
        self.blocks = deepcopy(net.blocks)
        for block in self.blocks:
            if isinstance(block, ResidualBlock):
                _fuse_block(block)
        self.pool = net.pool
        self.head = deepcopy(net.head)

    def forward(self, frames: Tensor) -> Tensor:
        """Return logits (B, K or K + 1) of uint8 clips (B, F, H, W, 3)."""
        x = self.affine(frames.permute(0, 4, 1, 2, 3).float())
        for block in self.blocks:
            x = block(x)
        return join_background(self.head(torch.flatten(self.pool(x), 1)), self.auxiliary)


class FusedVideoXceptionC(nn.Module):
    """The same of types C and D. Bytes are normalised in one step: of whole numbers, bf16 would lose digits in two."""

    centre: Tensor
    gain: Tensor

    def __init__(self, net: VideoXceptionC, spec: ClipSpec, auxiliary: int = 0) -> None:
        super().__init__()
        self.auxiliary = auxiliary
        self.net = deepcopy(net)
        for module in self.net.modules():
            if isinstance(module, ConvNorm):
                module.conv = fuse_conv_bn_eval(module.conv, module.norm)
                _snap(module.conv.weight)
                module.norm = nn.Identity()  # type: ignore[assignment]
        std = torch.tensor(spec.std, dtype=torch.float64)
        gain, mean = 255 * spec.scale / std, 255 * torch.tensor(spec.mean, dtype=torch.float64) / std + MEAN
        self.register_buffer("gain", (gain / STD).float().view(3, 1, 1), persistent=False)
        self.register_buffer("centre", (mean / gain).float().view(3, 1, 1), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """uint8 (B, F, H, W, 3) -> logits (B, K or K + 1)."""
        x = frames.flatten(0, 1).permute(0, 3, 1, 2)  # (B*F, 3, H, W), channels last
        x = self.net.convolve((x.float() - self.centre) * self.gain, frames.shape[1])
        return join_background(self.net.classify_clips(x, frames.shape[1]), self.auxiliary)


def fuse_norms(served: Served, spec: ClipSpec) -> nn.Module:
    """Return the network with its batch norms fused if it is a VideoXception, else unchanged."""
    net = served.net
    if isinstance(net, VideoXception):
        return FusedVideoXception(net, spec, served.auxiliary).eval()
    if isinstance(net, VideoXceptionC):
        return FusedVideoXceptionC(net, spec, served.auxiliary).eval()
    return served


@torch.no_grad()
def round_for_bf16(net: nn.Module, spec: ClipSpec) -> None:
    """Round every weight of a convolution or of the head in place, so that its fused value is a bf16 number."""
    if isinstance(net, VideoXceptionC):
        _round_c(net)
    if not isinstance(net, VideoXception):
        return
    gain, _ = _input_map(net, spec)
    _round(net.stem.weight, gain.view(1, 3, 1, 1, 1))
    for block in net.blocks:
        if isinstance(block, ResidualBlock):
            separable = block.separable
            _round(separable.spatial.weight, _gain(separable.spatial_norm).view(-1, 1, 1, 1, 1))
            _round(separable.temporal.weight, _gain(separable.temporal_norm).view(-1, 1, 1, 1, 1))
            _round(separable.pointwise.weight, torch.ones(1))
            _round(block.shortcut.weight, torch.ones(1))
    _round(net.head.weight, torch.ones(1))


def _round_c(net: VideoXceptionC) -> None:
    for module in net.modules():
        if isinstance(module, ConvNorm):
            _round(module.conv.weight, _gain(module.norm).view(-1, 1, 1, 1))
        elif isinstance(module, TemporalConv):
            _round(module.weight, torch.ones(1))
    _round(net.head.weight, torch.ones(1))


def _round(weight: Tensor, gain: Tensor) -> None:
    """Round a weight in place, so that its product with `gain` is a bf16 number; unchanged where the gain is 0."""
    fused = weight.double() * gain
    weight.copy_(torch.where(gain == 0, weight.double(), fused.bfloat16().double() / gain).float())


@torch.no_grad()
def _snap(weight: Tensor) -> None:
    """Set a weight that `round_for_bf16` has moved to the bf16 number that f32's own rounding kept it from."""
    settled = weight.bfloat16().float()
    weight.copy_(torch.where((settled - weight).abs() <= 1e-6 * weight.abs(), settled, weight))


def _fuse_block(block: ResidualBlock) -> None:
    separable = block.separable
    separable[0] = fuse_conv_bn_eval(separable.spatial, separable.spatial_norm)
    separable[3] = fuse_conv_bn_eval(separable.temporal, separable.temporal_norm)
    separable[1] = separable[4] = nn.Identity()


def _input_map(net: VideoXception, spec: ClipSpec) -> tuple[Tensor, Tensor]:
    """Return (gain, shift), float64 (3,): the affine map of a byte of each channel before the first convolution."""
    std, gain = torch.tensor(spec.std, dtype=torch.float64), _gain(net.norm)
    mean = torch.tensor(spec.mean, dtype=torch.float64) / std
    assert net.norm.running_mean is not None
    return spec.scale / std * gain, net.norm.bias.double() - (net.norm.running_mean.double() + mean) * gain


def _gain(norm: nn.BatchNorm2d | nn.BatchNorm3d) -> Tensor:
    """Return the factor by which a batch norm multiplies each channel in evaluation, (C,)."""
    assert norm.running_var is not None
    return norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
