import torch

from videoxception.nets import create
from videoxception.nets.background import join_background


def test_the_background_has_the_share_of_all_others() -> None:
    logits = 3 * torch.randn(5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    joined = join_background(logits, 3)
    assert torch.equal(joined[:, :4], logits[:, :4])
    torch.testing.assert_close(joined.softmax(1)[:, 4], logits.softmax(1)[:, 4:].sum(1))


def test_without_others_there_is_no_background() -> None:
    logits = torch.zeros(2, 4)
    assert join_background(logits, 0) is logits


def test_a_network_with_others_has_an_output_for_each() -> None:
    assert create("videoxception-a", 4, auxiliary=3).eval()(torch.zeros(1, 3, 1, 8, 8)).shape == (1, 7)
