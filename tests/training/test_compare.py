"""Two ways of training, side by side on what their runs held out."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.conftest import CLASSES
from training.cache.__main__ import main as cache_command
from training.compare import compare, main, report
from training.config.schema import Config, DataConfig, TeacherConfig, parse_stages
from training.data.dataset import Item
from training.errors import TrainingError
from training.evaluation.leakage import record_sources
from training.evaluation.paired_tests import RunMetrics, difference
from training.model import checkpoint
from training.run import run


def judged(name: str, right: dict[str, tuple[str, float]]) -> RunMetrics:
    """What a run gets right, 0 or 1, of items and their source videos."""
    items = tuple(Item(Path(item), "a", group) for item, (group, _) in right.items())
    values = np.array([value for _, value in right.values()])
    return RunMetrics(name, items, {"top1": values, "nll": 1 - values, "brier": 2 - 2 * values})


def test_every_item_counts_once_however_many_seeds_there_were() -> None:
    pairs = [
        (judged("s0", {"x": ("v", 0), "y": ("w", 1)}), judged("t0", {"x": ("v", 1), "y": ("w", 1)})),
        (judged("s1", {"x": ("v", 0), "y": ("w", 1)}), judged("t1", {"x": ("v", 0), "y": ("w", 1)})),
        (judged("s2", {"z": ("u", 1)}), judged("t2", {"z": ("u", 0)})),
    ]
    found = difference(pairs, "top1")
    assert (found.first, found.second) == (pytest.approx(2 / 3, abs=1e-4), pytest.approx(0.5))
    assert found.mean == pytest.approx((0.5 + 0 - 1) / 3, abs=1e-4)
    assert found.interval[0] < found.mean < found.interval[1]
    assert found.spread == pytest.approx(np.std([0.5, 0, -1], ddof=1), abs=1e-4)
    assert difference(pairs, "nll").mean == pytest.approx(1 / 6, abs=1e-4)


def test_a_gain_in_one_source_video_alone_may_be_chance() -> None:
    """However many clips were cut from it."""
    one = {f"{n}": ("v", 0.0) for n in range(40)}
    many = {f"{n}": (f"v{n}", 0.0) for n in range(40)}
    better = ({name: (group, 1.0) for name, (group, _) in items.items()} for items in (one, many))
    of_one, of_many = (
        difference([(judged("s", a), judged("t", b))], "top1") for a, b in zip((one, many), better, strict=True)
    )
    assert of_one.p_videos == 1
    assert of_many.p_videos < 0.01
    assert (of_many.p_pairs, of_many.spread) == (None, None)  # a single pair says nothing of another seed


def options(stills_root: Path, fold: int | None) -> DataConfig:
    return DataConfig(
        data=str(stills_root), layout="stills", classes=CLASSES, groups="FOLDS.tsv:video", fold=fold, holdout=0
    )


def trained(folder: Path, stills_root: Path, fold: int | None, seed: int = 0, **changes: object) -> Path:
    """A run of one short epoch."""
    data = options(stills_root, fold)
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
    with pytest.raises(TrainingError, match="first-1-1 has no partner"):
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
    with pytest.raises(TrainingError, match=r"everything, which has learnt from .* source videos that it would be"):
        compare([began], [began])


@pytest.mark.parametrize("given", ["init", "teacher"])
def test_what_began_with_a_model_that_does_not_tell_is_not_compared(
    given: str, silent_release: str, stills_root: Path, tmp_path: Path
) -> None:
    one, teacher = tmp_path / "one", TeacherConfig(teacher=silent_release)
    config = Config(data=options(stills_root, 1), stages=parse_stages("1x1x32x8"))
    config = replace(config, init=silent_release) if given == "init" else replace(config, teacher=teacher)
    checkpoint.open_run(one, config, resume=False)
    record_sources(one, config, [])
    with pytest.raises(TrainingError, match="silent@1, which does not tell what it has learnt from"):
        compare([one], [one])


def test_runs_from_a_pack_are_compared_with_it(stills_root: Path, tmp_path: Path) -> None:
    packed = ["--data", str(stills_root), "--layout", "stills", "--groups", "FOLDS.tsv:video", "--size", "48x64"]
    cache_command(["pack", str(tmp_path / "pack"), *packed, "--classes", ",".join(CLASSES)])
    config = Config(data=DataConfig(fold=1), stages=parse_stages("1x1x32x8"))
    run(config, tmp_path / "run", False, torch.device("cpu"), tmp_path / "pack")
    (one, other), *_ = compare([tmp_path / "run"], [tmp_path / "run"], cache=tmp_path / "pack")
    assert one.mean("top1") == other.mean("top1")
    assert {item.fold for item in one.items} == {1}


def test_what_makes_no_sense_is_said_before_anything_is_judged(stills_root: Path, tmp_path: Path) -> None:
    first, second = (trained(tmp_path / f"{fold}", stills_root, fold) for fold in (1, 2))
    with pytest.raises(TrainingError, match="began with no other weights"):
        compare([first], (), 0.5)
    config = json.loads((second / "config.json").read_text())
    config["data"]["fold"] = 1
    (tmp_path / "other").mkdir()
    (tmp_path / "other/config.json").write_text(json.dumps(config))
    with pytest.raises(TrainingError, match="does not tell what it has learnt from"):
        compare([first], [tmp_path / "other"])


def test_it_must_be_said_what_to_compare_with() -> None:
    with pytest.raises(SystemExit):
        main(["runs/a"])
