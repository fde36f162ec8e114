"""Two ways of training, side by side on what their runs held out."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.conftest import CLASSES
from training.compare import Judged, compare, difference, main, report
from training.config import Config, DataConfig, parse_stages
from training.data import Item
from training.errors import TrainingError
from training.run import run


def judged(name: str, right: dict[str, tuple[str, float]]) -> Judged:
    """What a run gets right, 0 or 1, of items and their source videos."""
    items = tuple(Item(Path(item), "a", group) for item, (group, _) in right.items())
    values = np.array([value for _, value in right.values()])
    return Judged(name, items, {"top1": values, "nll": 1 - values, "brier": 2 - 2 * values})


def test_every_item_counts_once_however_many_seeds_there_were() -> None:
    pairs = [
        (judged("s0", {"x": ("v", 0), "y": ("w", 1)}), judged("t0", {"x": ("v", 1), "y": ("w", 1)})),
        (judged("s1", {"x": ("v", 0), "y": ("w", 1)}), judged("t1", {"x": ("v", 0), "y": ("w", 1)})),
        (judged("s2", {"z": ("u", 1)}), judged("t2", {"z": ("u", 0)})),
    ]
    found = difference(pairs, "top1")
    assert (found.first, found.second) == (pytest.approx(2 / 3, abs=1e-4), pytest.approx(0.5))
    assert found.gain == pytest.approx((0.5 + 0 - 1) / 3, abs=1e-4)
    assert found.interval[0] < found.gain < found.interval[1]
    assert difference(pairs, "nll").gain == pytest.approx(1 / 6, abs=1e-4)


def test_a_gain_in_one_source_video_alone_may_be_chance() -> None:
    """However many clips were cut from it."""
    one = {f"{n}": ("v", 0.0) for n in range(40)}
    many = {f"{n}": (f"v{n}", 0.0) for n in range(40)}
    better = ({name: (group, 1.0) for name, (group, _) in items.items()} for items in (one, many))
    p_values = [
        difference([(judged("s", a), judged("t", b))], "top1").p_value for a, b in zip((one, many), better, strict=True)
    ]
    assert p_values[0] == 1
    assert p_values[1] < 0.01


def trained(folder: Path, stills_root: Path, fold: int | None, seed: int = 0, **changes: object) -> Path:
    """A run of one short epoch."""
    data = DataConfig(
        data=str(stills_root), layout="stills", classes=CLASSES, groups="FOLDS.tsv:video", fold=fold, holdout=0
    )
    run(Config(data=data, stages=parse_stages("1x1x32x8"), seed=seed, **changes), folder, False, torch.device("cpu"))
    return folder


def test_runs_are_paired_by_what_they_held_out(stills_root: Path, tmp_path: Path) -> None:
    first = [trained(tmp_path / f"first-{fold}-{seed}", stills_root, fold, seed) for fold in (1, 2) for seed in (0, 1)]
    second = [
        trained(tmp_path / f"second-{fold}-{seed}", stills_root, fold, seed) for seed in (1, 0) for fold in (2, 1)
    ]
    pairs = compare(first, second)
    assert [one.name.replace("first", "second") for one, _ in pairs] == [other.name for _, other in pairs]
    for one, other in pairs:  # nothing in their configs differs
        assert all(np.array_equal(one.figures[name], other.figures[name]) for name in one.figures)
    assert {item.fold for one, _ in pairs for item in one.items} == {1, 2}
    said = report(pairs)
    assert f"{first[0]}" in said
    assert "pairs of runs: 4" in said
    with pytest.raises(TrainingError, match="holds out fold 1 with seed 1 is on one side alone"):
        compare(first, [each for each in second if each.name != "second-1-1"])
    with pytest.raises(TrainingError, match="have the same fold and seed"):
        compare([first[0], second[-1]], second)


def test_a_run_with_and_without_its_first_weights(
    stills_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = trained(tmp_path / "first", stills_root, 1, seed=5)
    taught = trained(tmp_path / "taught", stills_root, 1, init=str(first))
    before, all_the_way = compare([taught], (), 1.0)[0]
    alone, as_it_is = compare([first], [first])[0][0], compare([taught], [taught])[0][1]
    assert np.allclose(all_the_way.figures["nll"], alone.figures["nll"], atol=1e-6)
    assert np.array_equal(before.figures["nll"], as_it_is.figures["nll"])
    main([str(taught), "--with-init-share", "1"])
    assert str(taught) in capsys.readouterr().out


def test_what_learnt_from_the_held_out_items_cannot_be_compared_on_them(stills_root: Path, tmp_path: Path) -> None:
    everything = trained(tmp_path / "everything", stills_root, None)
    with pytest.raises(TrainingError, match="held nothing out"):
        compare([everything], [everything])
    began = trained(tmp_path / "began", stills_root, 1, init=str(everything))
    with pytest.raises(
        TrainingError, match=r"everything has learnt from .* source videos that it would be measured on"
    ):
        compare([began], [began])


def test_it_must_be_said_what_to_compare_with() -> None:
    with pytest.raises(SystemExit):
        main(["runs/a"])
