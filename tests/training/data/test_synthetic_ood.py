import hashlib
from pathlib import Path

import numpy as np
import pytest

from training.data.synthetic_ood import CLIPS, KINDS, NEW_KINDS, draw_synthetic_ood
from training.data.synthetic_ood.__main__ import write_stills
from training.errors import TrainingError
from videoxception.clip import ClipSpec
from videoxception.video.still import read_still

SPEC = ClipSpec(frames=4, size=(64, 48))


@pytest.mark.parametrize("kind", KINDS | NEW_KINDS)
def test_every_kind_is_drawn_by_its_number(kind: str) -> None:
    first, again, second = (draw_synthetic_ood(kind, number, SPEC) for number in (0, 0, 1))
    assert (first.shape, first.dtype) == ((4, 64, 48, 3), np.uint8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("kind", "moves"),
    [("screen recording", True), ("cartoon", True), ("colour bars", False), ("clouds", True), ("checkerboard", False)],
)
def test_what_moves(kind: str, moves: bool) -> None:
    clips = [draw_synthetic_ood(kind, number, SPEC) for number in range(6)]
    assert [bool((clip[0] != clip[-1]).any()) for clip in clips] == [moves] * 6


def test_black_is_dark_and_white_is_light() -> None:
    black, white = (np.stack([draw_synthetic_ood(kind, n, SPEC) for n in range(6)]) for kind in ("black", "white"))
    assert black.max() < 50
    assert white.min() > 205


def test_drawn_clips_are_the_same_for_ever() -> None:
    clips = np.stack([draw_synthetic_ood("noise", number, ClipSpec()) for number in range(3)])
    assert hashlib.sha256(clips.tobytes()).hexdigest().startswith("dba613d0cfa239f2")


def test_stills_to_train_on_are_of_every_kind_and_not_those_that_are_measured(tmp_path: Path) -> None:
    assert write_stills(tmp_path) == len(list((tmp_path / "Drawn").glob("v_Drawn_g???_c??.jpg"))) == 160 * len(KINDS)
    white = read_still(tmp_path / "Drawn" / f"v_Drawn_g001_c{list(KINDS).index('white') + 1:02d}.jpg", SPEC)
    assert white.min() > 205
    measured = {draw_synthetic_ood("cartoon", n, SPEC).tobytes() for n in range(CLIPS)}
    assert draw_synthetic_ood("cartoon", CLIPS, SPEC).tobytes() not in measured


def test_old_stills_are_not_mixed_with_new_ones(tmp_path: Path) -> None:
    (tmp_path / "Drawn").mkdir()
    with pytest.raises(TrainingError, match="Drawn cannot be made: File exists; remove it"):
        write_stills(tmp_path)
