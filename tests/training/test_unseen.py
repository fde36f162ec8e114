"""Auxiliary classes that each fold leaves out in turn: from the runs to the released card."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.training.conftest import CLASSES, CLIPS, GROUPS, OTHERS, Runs
from training import evaluate
from training.config.data import ROTATE
from training.evaluation.ood import SEEN, UNSEEN
from training.evaluation.recompute import differences_from_card
from training.model import checkpoint
from training.publish import publish
from videoxception.store import Release


@dataclass(frozen=True, slots=True)
class Rotated:
    """A release whose folds left out an auxiliary class each, and the runs of the folds."""

    release: Release
    folds: list[Path]
    data: list[str]


@pytest.fixture(scope="module")
def rotated(
    few_stills_root: Path, auxiliary_root: Path, runs: Runs, tmp_path_factory: pytest.TempPathFactory
) -> Rotated:
    folder = tmp_path_factory.mktemp("rotated")
    data = replace(runs.data, auxiliary=("all",), auxiliary_data=str(auxiliary_root), unseen=ROTATE)
    own = Runs(folder, data, runs.cache)
    folds = [own.train(f"fold-{fold}", fold) for fold in (0, 1, 2)]
    release = publish(own.train("all", None), folder / "store", fold_runs=folds, int8=False)
    options = ["--layout", "stills", "--data", str(few_stills_root), "--groups", "FOLDS.tsv:video"]
    return Rotated(release, folds, [*options, "--auxiliary-data", str(auxiliary_root)])


def test_each_fold_learns_other_classes_and_the_release_all(rotated: Rotated) -> None:
    kept = [checkpoint.read_config(run).data.auxiliary for run in rotated.folds]
    assert sorted(name for names in kept for name in OTHERS if name not in names) == sorted(OTHERS)
    assert {len(names) for names in kept} == {2}
    assert rotated.release.manifest.auxiliary == list(OTHERS)
    assert len(rotated.release.manifest.golden.logits[0]) == len(CLASSES) + 1


def test_all_auxiliary_classes_are_measured_as_never_seen(rotated: Rotated) -> None:
    metrics = rotated.release.manifest.metrics
    assert metrics is not None
    assert metrics.known is not None
    unseen, seen = metrics.known.ood[UNSEEN], metrics.known.ood[SEEN]
    assert (unseen.n, unseen.source_videos) == ((CLIPS - 1) * GROUPS * len(OTHERS), GROUPS * len(OTHERS))
    assert 0 < seen.n < unseen.n  # without those of its fold whose class the fold's model left out
    assert "left out a share of these classes" in (rotated.release.folder / "MODEL_CARD.md").read_text()


def test_the_card_is_computed_again_from_the_predictions(rotated: Rotated) -> None:
    count, differing = differences_from_card(rotated.release)
    assert count > 100
    assert differing == []


def test_evaluation_of_the_folds_gives_the_cards_figures(rotated: Rotated, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.main(["--run", *map(str, rotated.folds), *rotated.data, "--json"])
    metrics = rotated.release.manifest.metrics
    assert metrics is not None
    found, expected = json.loads(capsys.readouterr().out), json.loads(metrics.model_dump_json())
    expected["known"]["ood"] = {name: expected["known"]["ood"][name] for name in (SEEN, UNSEEN)}  # nothing drawn
    assert found == expected
