"""VideoXception against the two layer tables that its source prints (a batch of 64 clips of 10 x 128 x 128)."""

import csv
from pathlib import Path

import pytest
import torch
from torchinfo import ModelStatistics, summary

from videoxception import nets
from videoxception.nets.videoxception import ResidualBlock, VideoXception, draw_kept

# The source builds both types' heads, whatever the type: type B's total counts type A's 512 -> 16 layer, never used.
UNUSED_HEAD = 512 * 16 + 16
TOTALS = {"a": 360_850, "b": 4_164_498}
PRINTED_TOTALS = {"a": 360_850, "b": 4_172_706}
PLAIN = ("ReLU", "MaxPool3d", "AdaptiveAvgPool3d")  # layers without parameters
GIGA_MULT_ADDS = {"a": 138.16, "b": 177.39}


@pytest.fixture(scope="module", params=["a", "b"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def statistics(kind: str) -> ModelStatistics:
    """On the meta device: shapes and counts without the 31 GB of numbers."""
    with torch.device("meta"):
        net = nets.create(f"videoxception-{kind}", 16)
        return summary(net, input_data=torch.empty(64, 3, 10, 128, 128), device="meta", verbose=0)


def test_every_printed_row(kind: str, statistics: ModelStatistics) -> None:
    with (Path(__file__).parent / f"summary_{kind}.tsv").open() as file:
        printed = [(row["type"], row["shape"], row["parameters"]) for row in csv.DictReader(file, delimiter="\t")]
    layers = [layer for layer in statistics.summary_list if layer.class_name != "ModuleList"]
    ours = [
        (layer.class_name, "x".join(map(str, layer.output_size)), str(layer.num_params) if layer.is_leaf_layer else "")
        for layer in layers
    ]
    # The first row is the whole network; type B's prints the parameters of the head that is never used.
    assert printed[0] == ("VideoXception", "64x16", str(UNUSED_HEAD) if kind == "b" else "")
    assert ours[0][:2] == printed[0][:2]
    assert ours[1:] == [(name, shape, count or "0" if name in PLAIN else count) for name, shape, count in printed[1:]]


def test_totals(kind: str, statistics: ModelStatistics) -> None:
    assert statistics.total_params == TOTALS[kind]
    assert PRINTED_TOTALS[kind] - TOTALS[kind] == (UNUSED_HEAD if kind == "b" else 0)


def test_mult_adds(kind: str, statistics: ModelStatistics) -> None:
    assert round(statistics.total_mult_adds / 1e9, 2) == GIGA_MULT_ADDS[kind]


def test_other_lengths_and_sizes_fit() -> None:
    net = nets.create("videoxception-b", 5).eval()
    assert net(torch.zeros(2, 3, 1, 96, 64)).shape == (2, 5)


def test_dropout_acts_in_training_only() -> None:
    net = nets.create("videoxception-a", 4, dropout=0.9)
    clip = torch.rand(1, 3, 2, 16, 16)
    assert torch.equal(net.eval()(clip), net(clip))
    net.train()
    assert not torch.equal(net(clip), net(clip))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"no architecture is called 'resnet'; there are .*, videoxception-a, videoxception-b"
    ):
        nets.create("resnet", 16)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("videoxception-a", {"temporal": False}, "takes no argument 'temporal'; it takes dropout, stochastic_depth"),
        ("videoxception-c", {"temporal": "no"}, "temporal of videoxception-c must be of type bool, but got 'no'"),
        ("videoxception-c", {"temporal": 0}, "temporal of videoxception-c must be of type bool, but got 0"),
    ],
)
def test_arguments_that_an_architecture_does_not_take(name: str, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nets.create(name, 3, **arguments)


def test_even_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match="must be odd"):
        nets.videoxception.VideoXception(16, (8,), (4,))


def test_stochastic_depth_leaves_out_later_blocks_more_often_and_keeps_the_mean() -> None:
    net = VideoXception(3, (4, 8, 16), (3, 3, 3), stochastic_depth=0.4)
    assert [block.drop for block in net.blocks if isinstance(block, ResidualBlock)] == [0.0, 0.2, 0.4]
    torch.manual_seed(0)
    kept = draw_kept(torch.zeros(1), 10_000, 0.4)
    assert set(kept.tolist()) == {0.0, float(torch.tensor(1 / 0.6))}
    assert float(kept.mean()) == pytest.approx(1, abs=0.05)
