"""VideoXception against the two layer tables that its source prints (a batch of 64 clips of 10 x 128 x 128)."""

import csv
from pathlib import Path

import pytest
import torch
from torchinfo import ModelStatistics, summary

from videoxception import nets
from videoxception.nets.videoxception import ResidualBlock, VideoXception, differences, draw_kept

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
        ValueError, match="no architecture is called 'resnet'; there are videoxception-a, videoxception-b"
    ):
        nets.create("resnet", 16)


def test_even_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match="must be odd"):
        nets.videoxception.VideoXception(16, (8,), (4,))


def test_differences_are_what_changes_to_the_next_picture() -> None:
    clips = torch.tensor([0.0, 0.5, 0.5, 1.0]).view(1, 1, 4, 1, 1)
    assert differences(clips).flatten().tolist() == [0.75, 0.5, 0.75, 0.75]
    assert differences(255 * clips, 255.0).flatten().tolist() == [191.25, 127.5, 191.25, 191.25]
    assert differences(torch.rand(2, 3, 1, 4, 4)).unique().tolist() == [0.5]


def test_a_residual_network_does_not_see_a_picture_that_stands_still() -> None:
    net = VideoXception(3, (4, 8), (3, 3), residual=True).eval()
    still, other = (torch.rand(1, 3, 1, 16, 16).expand(-1, -1, 5, -1, -1) for _ in range(2))
    torch.testing.assert_close(net(still), net(other))


def test_stochastic_depth_leaves_out_later_blocks_more_often_and_keeps_the_mean() -> None:
    net = VideoXception(3, (4, 8, 16), (3, 3, 3), stochastic_depth=0.4)
    assert [block.drop for block in net.blocks if isinstance(block, ResidualBlock)] == [0.0, 0.2, 0.4]
    torch.manual_seed(0)
    kept = draw_kept(torch.zeros(1), 10_000, 0.4)
    assert set(kept.tolist()) == {0.0, float(torch.tensor(1 / 0.6))}
    assert float(kept.mean()) == pytest.approx(1, abs=0.05)
