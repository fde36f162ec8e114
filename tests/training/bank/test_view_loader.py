from pathlib import Path

import torch

from tests.training.bank.test_build import CONFIG, Stills, data, items
from training.bank.view_loader import ViewLoader
from training.bank.views import draw_views, item_key


def test_views_are_those_of_the_bank() -> None:
    loader = ViewLoader(items(), torch.tensor(data().targets), CONFIG)
    assert loader.count == 3
    drawn = loader.draw(torch.tensor([1, 2]), torch.tensor([[2], [2]]))
    assert drawn.shape == (2, 1, 3, 32, 32)
    for row, item, view in ((0, 1, 2), (1, 2, 0)):  # of two views, the third is the first again
        copy = Stills().copy(Path(f"{item}.jpg"))
        seen = draw_views(copy, item_key(copy), [view], 32, CONFIG)[0, 0]
        torch.testing.assert_close(drawn[row, 0].float() / 255, seen, atol=0.5 / 255 + 1e-6, rtol=0)
