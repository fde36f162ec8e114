from pathlib import Path

import numpy as np
import pytest
import torch

from training.cache.loader import Clips, FrameLoader, draw_ahead
from training.cache.spec import CachedFrames, CacheSpec
from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from videoxception.clip import ClipSpec, Frames

SPEC = CacheSpec(ClipSpec(frames=2, size=(4, 6)), 6, (8, 12))
DATA = DataSet(tuple(Item(Path(f"{n}.avi"), "ab"[n % 2], str(n)) for n in range(20)), ("a", "b"))


class Made:
    """A library of frames that tell their item and number: the value is 6 * item + number."""

    spec = SPEC

    def __init__(self, frames: int = 6) -> None:
        self._frames = frames

    def copy(self, path: Path) -> CachedFrames:
        numbers = 6 * int(path.stem) + np.arange(self._frames, dtype=np.uint8)
        return np.broadcast_to(numbers[:, None, None, None], (self._frames, 3, 8, 12))

    def clip(self, path: Path) -> Frames:
        return np.full((min(self._frames, 2), 4, 6, 3), int(path.stem), np.uint8)


def test_the_wanted_frames_of_the_wanted_items() -> None:
    loader = FrameLoader.of(DATA, Made())
    assert (len(loader), loader.count) == (20, 6)
    assert loader.targets.tolist() == [0, 1] * 10
    drawn = loader.draw(torch.tensor([3, 0]), torch.tensor([[1, 1, 5], [0, 2, 4]]))
    assert drawn.shape == (2, 3, 3, 8, 12)
    assert drawn.is_contiguous()
    assert drawn[:, :, 0, 0, 0].tolist() == [[19, 19, 23], [0, 2, 4]]
    assert torch.equal(drawn, drawn[:, :, :1, :1, :1].expand_as(drawn))


def test_gathering_ahead_gives_the_same_in_the_same_order() -> None:
    loader = FrameLoader.of(DATA, Made())
    rng = torch.Generator().manual_seed(0)
    wanted = [(torch.randint(20, (4,), generator=rng), torch.randint(6, (4, 2), generator=rng)) for _ in range(30)]
    for found, (rows, times) in zip(draw_ahead(loader.draw, wanted), wanted, strict=True):
        assert torch.equal(found, loader.draw(rows, times))


def test_an_epoch_that_is_left_early_ends_its_threads() -> None:
    gathered = draw_ahead(FrameLoader.of(DATA, Made()).draw, [(torch.tensor([0]), torch.tensor([[0]]))] * 30)
    next(gathered)
    gathered.close()
    with pytest.raises(StopIteration):
        next(gathered)


def test_a_still_counts_as_its_frame_over_and_over() -> None:
    assert Clips(DATA, Made(frames=1))[2:4].shape == (2, 2, 4, 6, 3)
    assert Clips(DATA, Made())[2:4][:, :, 0, 0, 0].tolist() == [[2, 2], [3, 3]]


def test_stills_and_videos_do_not_mix() -> None:
    with pytest.raises(TrainingError, match="both stills and videos"):
        FrameLoader([Made(1).copy(Path("1")), Made(6).copy(Path("2"))], torch.tensor([0, 1]))
