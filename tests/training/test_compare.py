"""Two ways of training, side by side on what their runs held out."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.conftest import CLASSES, Runs
from training.cache.__main__ import main as cache_command
from training.compare import compare, main
from training.config.data import DataConfig
from training.config.distillation import TeacherConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.data.dataset import Item
from training.errors import TrainingError
from training.evaluation.leakage import record_sources
from training.evaluation.paired_tests import RunMetrics, difference
from training.model import checkpoint
from training.reporting.comparison import comparison
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


def test_runs_are_paired_by_what_they_held_out(runs: Runs) -> None:
    first = [runs.finished(fold, seed) for fold in (0, 1) for seed in (0, 1)]
    again = runs.train("again-0-1", 0, 1)
    copies = [shutil.copytree(run, runs.folder / f"again-{run.name}") for run in first if run.name != "0-1"]
    second = [*reversed(copies), again]
    pairs = compare(first, second, cache=runs.cache)
    assert [f"again-{Path(one.name).name}" for one, _ in pairs] == [Path(other.name).name for _, other in pairs]
    for one, other in pairs:  # nothing in their configs differs
        assert all(np.array_equal(one.figures[name], other.figures[name]) for name in one.figures)
    assert {item.fold for one, _ in pairs for item in one.items} == {0, 1}
    shown = comparison(pairs)
    assert f"{first[0]}" in shown
    assert "pairs of runs: 4" in shown
    with pytest.raises(TrainingError, match="1-1 has no partner"):
        compare(first, [each for each in second if each.name != "again-1-1"], cache=runs.cache)
    with pytest.raises(TrainingError, match="have the same fold and seed"):
        compare([first[0], copies[0]], second, cache=runs.cache)


def test_a_run_with_and_without_its_first_weights(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    first = runs.finished(1, 1)
    taught = runs.train("taught", 1, init=str(first))
    before, all_the_way = compare([taught], (), 1.0, runs.cache)[0]
    (alone, _), *_ = compare([first], [first], cache=runs.cache)
    (_, as_it_is), *_ = compare([taught], [taught], cache=runs.cache)
    assert np.allclose(all_the_way.figures["nll"], alone.figures["nll"], atol=1e-6)
    assert np.array_equal(before.figures["nll"], as_it_is.figures["nll"])
    main([str(taught), "--with-init-share", "1", "--cache", str(runs.cache)])
    assert str(taught) in capsys.readouterr().out


def test_what_learnt_from_the_held_out_items_cannot_be_compared_on_them(runs: Runs) -> None:
    everything = runs.train("everything", None)
    with pytest.raises(TrainingError, match="held nothing out"):
        compare([everything], [everything], cache=runs.cache)
    began = runs.train("began", 1, init=str(everything))
    with pytest.raises(TrainingError, match=r"everything, which has learnt from .* source videos that it would be"):
        compare([began], [began], cache=runs.cache)


@pytest.mark.parametrize("given", ["init", "teacher"])
def test_what_began_with_a_model_that_does_not_tell_is_not_compared(
    given: str, silent_release: str, runs: Runs, tmp_path: Path
) -> None:
    one, teacher = tmp_path / "one", TeacherConfig(teacher=silent_release)
    config = Config(data=replace(runs.data, fold=1), stages=parse_stages("1x1x32x8"))
    config = replace(config, init=silent_release) if given == "init" else replace(config, teacher=teacher)
    checkpoint.open_run(one, config, resume=False)
    record_sources(one, config, [])
    with pytest.raises(TrainingError, match="silent@1, which does not tell what it has learnt from"):
        compare([one], [one], cache=runs.cache)


def test_runs_from_a_pack_are_compared_with_it(runs: Runs, tmp_path: Path) -> None:
    packed = ["--data", runs.data.data, "--layout", "stills", "--groups", "FOLDS.tsv:video", "--size", "48x64"]
    packed += ["--cache", str(runs.cache), "--classes", ",".join(CLASSES)]
    cache_command(["pack", str(tmp_path / "pack"), *packed])
    config = Config(data=DataConfig(fold=1), stages=parse_stages("1x1x32x8"))
    run(config, tmp_path / "run", False, torch.device("cpu"), tmp_path / "pack")
    (one, other), *_ = compare([tmp_path / "run"], [tmp_path / "run"], cache=tmp_path / "pack")
    assert one.mean("top1") == other.mean("top1")
    assert {item.fold for item in one.items} == {1}


def test_what_makes_no_sense_is_said_before_anything_is_measured(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("training.compare.measure")
    first, second = runs.finished(1, 0), runs.finished(0, 0)
    with pytest.raises(TrainingError, match="began with no other weights"):
        compare([first], (), 0.5, runs.cache)
    config = json.loads((second / "config.json").read_text())
    config["data"]["fold"] = 1
    (tmp_path / "other").mkdir()
    (tmp_path / "other/config.json").write_text(json.dumps(config))
    with pytest.raises(TrainingError, match="does not tell what it has learnt from"):
        compare([first], [tmp_path / "other"], cache=runs.cache)


def test_it_must_be_said_what_to_compare_with() -> None:
    with pytest.raises(SystemExit):
        main(["runs/a"])
