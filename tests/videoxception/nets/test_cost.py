"""Parameters and multiply-adds, against counts by hand."""

import pytest
from torch import nn

from videoxception import nets
from videoxception.clip import ClipSpec
from videoxception.nets.cost import cost_of


def test_of_single_layers() -> None:
    """Three channels to four by kernels of 1x3x3 at a stride of two, those each by itself, then to five outputs."""
    net = nn.Sequential(
        nn.Conv3d(3, 4, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
        nn.BatchNorm3d(4),
        nn.Conv3d(4, 4, (3, 1, 1), padding=(1, 0, 0), groups=4, bias=False),
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(4, 5),
    )
    cost = cost_of(net, ClipSpec(frames=6, size=(8, 10)))
    outputs = 4 * 6 * 4 * 5
    assert cost.multiply_adds == outputs * 3 * 9 + outputs * 3 + 4 * 5
    assert cost.parameters == (3 * 4 * 9 + 4) + 2 * 4 + 4 * 3 + (4 * 5 + 5)


def test_of_type_a() -> None:
    """Block by block: depthwise over space and over time, across channels, and the shortcut."""
    macs, channels, places = 9 * 10 * 128**2, 3, 10 * 128**2
    for width in (64, 128, 256, 512):
        macs += places * channels * (9 + 3 + 2 * width)
        channels, places = width, places // 4
    cost = cost_of(nets.create("videoxception-a", 16), ClipSpec())
    assert cost.multiply_adds == macs + 512 * 16
    assert cost.parameters == 360_850


@pytest.mark.parametrize(
    ("name", "spec", "parameters", "giga_macs"),
    [
        ("videoxception-b", ClipSpec(), 4_164_498, 2.75),
        ("videoxception-c", ClipSpec(), 3_419_920, 1.26),
        ("videoxception-d", ClipSpec(frames=5, size=(260, 260)), 4_870_160, 4.31),
    ],
)
def test_of_the_other_types(name: str, spec: ClipSpec, parameters: int, giga_macs: float) -> None:
    cost = cost_of(nets.create(name, 16), spec)
    assert cost.parameters == parameters
    assert round(cost.multiply_adds / 1e9, 2) == giga_macs
