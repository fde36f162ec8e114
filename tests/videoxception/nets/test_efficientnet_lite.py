"""EfficientNet-Lite against an independent implementation, with the same ImageNet weights."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.pretrained import PACKAGES, peer_or_skip, weights_or_skip
from videoxception.clip import ClipSpec
from videoxception.nets.efficientnet_lite import LITE0, LITE1, LITE2, EfficientNetLite, SameConv2d, block_specs
from videoxception.video.still import read_still

VARIANTS = dict(zip(PACKAGES, (LITE0, LITE1, LITE2), strict=True))
# Millions of parameters in the table of the source's README, the head for 1,000 classes included.
SOURCE = {"lite0": 4.7, "lite1": 5.4, "lite2": 6.1}


def pretrained(name: str) -> EfficientNetLite:
    weights = weights_or_skip(name)
    net = EfficientNetLite(VARIANTS[name], 1000).eval()
    net.load_state_dict(weights)
    return net


def smooth_frames(size: tuple[int, int]) -> Tensor:
    """Two frames in 0..1 of soft blobs with some noise: as smooth and as coloured as footage. (2, 3, H, W)."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(2, 3, 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size, mode="bicubic")
    return (smooth + 0.05 * torch.randn(2, 3, *size, generator=generator)).clamp(0, 1)


def real_frames(folder: Path, size: tuple[int, int]) -> Tensor:
    """A still of every fourth of the 16 actions. (4, 3, H, W) in 0..1."""
    classes = sorted(path for path in (folder / "ucf101_stills").iterdir() if path.is_dir())
    stills = [read_still(min(path.glob("*.jpg")), ClipSpec(size=size)) for path in classes[::4]]
    return torch.stack([torch.tensor(still).permute(2, 0, 1) for still in stills]) / 255


@torch.inference_mode()
def assert_same_features(name: str, x: Tensor) -> None:
    """Ours have the normalisation inside."""
    net, peer = pretrained(name), peer_or_skip(name, (x.shape[2], x.shape[3]))
    normalised = (x * 255 - 127) / 128
    torch.testing.assert_close(net.features(x), peer.extract_features(normalised), atol=1e-4, rtol=0)
    torch.testing.assert_close(net(x), peer(normalised), atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [(128, 128), (224, 224), (131, 97)], ids=str)
@pytest.mark.parametrize("name", PACKAGES)
def test_features_are_those_of_an_independent_implementation(name: str, size: tuple[int, int]) -> None:
    assert_same_features(name, smooth_frames(size))


@pytest.mark.parametrize("size", [128, 224])
@pytest.mark.parametrize("name", PACKAGES)
def test_so_are_those_of_real_frames(name: str, size: int, real_clips: Path) -> None:
    assert_same_features(name, real_frames(real_clips, (size, size)))


@pytest.mark.parametrize("name", PACKAGES)
def test_it_is_as_large_as_its_source_says(name: str) -> None:
    net = EfficientNetLite(VARIANTS[name], 1000)
    assert round(sum(p.numel() for p in net.parameters()) / 1e6, 1) == SOURCE[name]


def test_every_block_takes_what_the_one_before_gives() -> None:
    for variant in VARIANTS.values():
        specs = list(block_specs(variant))
        assert [spec.in_channels for spec in specs] == [32, *(spec.out_channels for spec in specs[:-1])]


@pytest.mark.parametrize(("size", "kernel_size", "before"), [(8, 3, 0), (9, 3, 1), (8, 5, 1), (9, 5, 2), (1, 5, 2)])
def test_padding_puts_the_odd_zero_behind(size: int, kernel_size: int, before: int) -> None:
    """A kernel with a single 1 shows where the first output looks."""
    conv = SameConv2d(1, 1, kernel_size, stride=2)
    conv.weight.data.zero_()[0, 0, before, before] = 1
    x = torch.rand(1, 1, size, size)
    assert torch.equal(conv(x), x[..., ::2, ::2])


def test_stochastic_depth_leaves_out_whole_clips() -> None:
    torch.manual_seed(0)
    net = EfficientNetLite(LITE0, 2, stochastic_depth=0.5).train()
    block = net.blocks[14]
    assert block.drop == pytest.approx(0.5 * 14 / 15)
    for norm in (block.depthwise.norm, block.expand.norm, block.project.norm):
        norm.eval()
    x = torch.rand(40 * 2, 192, 2, 2)
    left_out = (block(x, frames=2) == x).flatten(1).all(1).view(40, 2)
    assert torch.equal(left_out[:, 0], left_out[:, 1])
    assert 5 < int(left_out[:, 0].sum()) < 35
