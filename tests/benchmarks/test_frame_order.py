import numpy as np
import pytest
import torch

from benchmarks.frame_order.learning import shares
from benchmarks.frame_order.report import Row, holm, pair, table
from benchmarks.frame_order.shuffling import ShuffledLoader, shuffled


class Numbers:
    """A loader of features that are the numbers of items, views and frames."""

    targets = torch.tensor([0, 1])
    count = 3

    def draw(self, rows: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        if times.shape[1] > 1:
            return (100 * rows[:, None] + times)[..., None]  # (B, T, 1)
        return (100 * rows[:, None, None] + torch.arange(6))[..., None]  # (B, 1, 6, 1): six frames of one view


@pytest.mark.parametrize(("times", "axis"), [(torch.arange(6).expand(2, -1), 1), (torch.zeros(2, 1, dtype=int), 2)])
def test_a_twin_sees_the_same_frames_in_another_order(times: torch.Tensor, axis: int) -> None:
    loader = ShuffledLoader(Numbers(), seed=0)
    rows = torch.tensor([1, 0])
    own, drawn, again = Numbers().draw(rows, times), loader.draw(rows, times), loader.draw(rows, times)
    assert drawn.shape == own.shape
    assert torch.equal(drawn.sort(axis).values, own)
    assert not torch.equal(drawn, own)
    assert not torch.equal(drawn, again)
    assert torch.equal(loader.targets, Numbers.targets)


def test_each_row_has_an_order_of_its_own() -> None:
    x = torch.arange(8).expand(20, 8)
    orders = {tuple(row) for row in shuffled(x, 1, torch.Generator().manual_seed(0)).tolist()}
    assert len(orders) > 15


def test_each_order_of_a_clip_is_an_answer_of_its_own() -> None:
    """Their mean would be right of clip 0 at once, an ensemble that a clip in order has not."""
    logits = torch.tensor([[[9.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])  # two orders of two clips
    assert shares(logits, torch.tensor([0, 1])) == [0.5, 1.0]


def test_holms_correction() -> None:
    """Against its definition: the k-th smallest of n times n - k + 1, never less than those before it."""
    assert holm([0.01, 0.04, 0.03, 0.2]) == pytest.approx([0.04, 0.09, 0.09, 0.2])
    assert holm([0.5, 0.6]) == [1.0, 1.0]


def rows() -> list[Row]:
    files, groups = [f"{i}.mp4" for i in range(8)], [f"scene {i // 2}" for i in range(8)]
    ordered = [True, True, True, True, True, True, False, False]
    return [
        Row("net", 0, True, files, groups, ordered),
        Row("net", 0, False, files, groups, [not each or i < 2 for i, each in enumerate(ordered)]),
        Row("net", 1, True, files, groups, ordered),
        Row("other", 0, True, files, groups, ordered),
    ]


def test_only_folds_that_both_have_done_are_compared() -> None:
    found = pair("net", rows())
    assert found is not None
    assert found.folds == 1
    assert np.mean(found.in_order) == 0.75
    assert pair("other", rows()) is None
    assert "| net | 1 | 8 | 75.0% | 50.0% | +25.0% (" in table(rows())
    assert "other" not in table(rows())


def test_contestants_are_held_against_another_one() -> None:
    found = pair("net", rows(), "other")
    assert found is not None
    assert (found.folds, np.mean(found.rival)) == (1, 0.75)
    assert "| contestant | folds | clips | in order | other | gain" in table(rows(), "other")
    assert table(rows(), "other").count("\n") == 2  # one contestant; the other is not held against itself
