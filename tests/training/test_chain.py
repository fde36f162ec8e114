"""From a folder of frames to a released model that answers: the commands as a person types them."""

import json
import os
import shutil
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import pytest

from tests.commands import command
from tests.training.conftest import CLASSES, DRAWN_CLIPS
from tests.videos import make_video
from training import publish
from training.config.distillation import TeacherConfig
from training.data.center_crop import read_cropped
from training.data.loading import open_dataset
from training.evaluation.leakage import record_sources, sources_of_run
from training.model import checkpoint
from videoxception import Classifier, ModelStore, golden
from videoxception.clip import ClipSpec, Frames
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.engine.torch_reference import TorchEngine


@pytest.fixture(scope="module")
def store(stills_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a model that one short run made, stopped after its training and published by hand."""
    folder = tmp_path_factory.mktemp("runs")
    store = folder / "store"
    options = ["--layout", "stills", "--data", str(stills_root), "--classes", ",".join(CLASSES)]
    options += ["--groups", "FOLDS.tsv:video", "--fold", "1", "--name", "toy", "--stages", "8x1x24x8,1x10x128x8"]
    options += ["--cache", str(folder / "cache")]
    trained = command("training.run", *options, "--run", str(folder / "run"), "--store", str(store), "--ema", "0.5")
    assert trained.returncode == 0, trained.stderr
    assert "released toy@1" in trained.stdout
    assert "curl -F file=@clip.mp4" in trained.stdout
    return store


def test_the_released_model_answers(store: Path, tmp_path: Path) -> None:
    classifier = Classifier.load("toy", store=ModelStore(built_in=store), device="cpu", precision="f32")
    golden.check(classifier.engine, classifier.release.manifest)
    golden.check(OpenVINOEngine(classifier.release, "int8"), classifier.release.manifest)
    assert classifier.release.manifest.int8 is not None
    assert "## In 8-bit integers" in (classifier.release.folder / "MODEL_CARD.md").read_text()
    assert classifier.classes == list(CLASSES)
    prediction = classifier.predict(make_video(tmp_path / "clip.mp4", "libx264", 12))
    assert set(prediction.answer.probabilities) == set(CLASSES)
    assert prediction.answer.answer_set is not None
    assert prediction.answer.answer_set[0] == prediction.answer.label


def test_it_learnt_something(store: Path) -> None:
    metrics = ModelStore(built_in=store).load("toy").manifest.metrics
    assert metrics is not None
    assert metrics.top1 > 0.8  # chance is a third


def test_evaluation_gives_the_cards_figures_to_the_digit(store: Path, stills_root: Path) -> None:
    options = ["--model", "toy@1", "--store", str(store), "--data", str(stills_root), "--layout", "stills"]
    options += ["--groups", "FOLDS.tsv:video", "--fold", "1"]
    evaluated = command("training.evaluate", *options, "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    found = json.loads(evaluated.stdout)
    metrics = ModelStore(built_in=store).load("toy@1").manifest.metrics
    assert metrics is not None
    expected = json.loads(metrics.model_dump_json())
    assert {k: v for k, v in found.items() if k != "protocol"} == {k: v for k, v in expected.items() if k != "protocol"}
    assert f"{metrics.top1:.1%}" in command("training.evaluate", *options).stdout
    card = (store / "toy/1/MODEL_CARD.md").read_text()
    assert f"{metrics.top1:.1%}" in card
    assert "mid-frame accuracy" in card
    assert "| cross-fitted (" in card
    assert metrics.answer_sets is not None
    assert metrics.answer_sets.released.coverage >= 0.95
    assert "## Answer sets" in card
    assert f"| as released | {metrics.answer_sets.released.coverage:.1%} (" in card
    assert f"| {CLASSES[0]} | {metrics.answer_sets.cross_fitted.per_class[CLASSES[0]].coverage:.1%} |" in card


@pytest.fixture(scope="module")
def wary(
    store: Path, stills_root: Path, auxiliary_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[str]]:
    """A store with a model that has learnt two other classes, and the options that name its data."""
    folder = tmp_path_factory.mktemp("wary")
    data = ["--layout", "stills", "--data", str(stills_root), "--groups", "FOLDS.tsv:video", "--fold", "1"]
    data += ["--auxiliary-data", str(auxiliary_root)]
    options = [*data, "--classes", ",".join(CLASSES), "--auxiliary", "Golf,Knitting", "--auxiliary-share", "0.4"]
    options += ["--name", "wary", "--stages", "2x1x24x8", "--cache", str(folder / "cache")]
    options += ["--init", str(store.parent / "run")]
    options += ["--run", str(folder / "run"), "--store", str(folder / "store"), "--no-int8"]
    trained = command("training.run", *options)
    assert trained.returncode == 0, trained.stderr
    return folder / "store", data


def test_a_model_with_others_answers_with_its_classes_alone(wary: tuple[Path, list[str]], tmp_path: Path) -> None:
    store = ModelStore(built_in=wary[0])
    for device in (OpenVINOEngine, TorchEngine):
        golden.check(device(store.load("wary"), precision="f32"), store.load("wary").manifest)
    classifier = Classifier.load("wary", store=store, device="cpu", precision="f32")
    assert classifier.release.manifest.auxiliary == ["Golf", "Knitting"]
    prediction = classifier.predict(make_video(tmp_path / "clip.mp4", "libx264", 12))
    assert list(prediction.answer.probabilities) == list(CLASSES)
    assert 0 <= prediction.answer.known_score <= 1


def test_evaluation_tells_the_cards_figures_of_outsiders(wary: tuple[Path, list[str]]) -> None:
    store, data = wary
    evaluated = command(
        "training.evaluate", "--model", "wary", "--store", str(store), *data, "--synthetic-ood", "--json"
    )
    assert evaluated.returncode == 0, evaluated.stderr
    found, release = json.loads(evaluated.stdout), ModelStore(built_in=store).load("wary")
    assert release.manifest.metrics is not None
    known = release.manifest.metrics.known
    assert known is not None
    assert found["known"] == json.loads(known.model_dump_json())
    assert known.score == "background"
    assert known.kept >= 0.95
    assert set(known.ood["classes never seen"].by_score) == {"background", "max_probability", "energy"}
    assert known.ood["classes seen in training"].source_videos == 4  # groups 2 and 5 of two classes
    card = (release.folder / "MODEL_CARD.md").read_text()
    assert "the background: Golf, Knitting." in card
    assert "| OOD set | n | turned away | AUROC, background |" in card
    assert f"| screen recording | {DRAWN_CLIPS} | " in card


@pytest.fixture(scope="module")
def complete(wary: tuple[Path, list[str]]) -> tuple[Path, list[str]]:
    """A store with a model that was trained on everything, taught by another run, and is judged by one that left out
    fold 1 and one that left out 2; and the options that name its data.
    """
    runs, data = wary[0].parent, wary[1]
    taught = TeacherConfig(teacher=str(runs / "run"))
    for name, changes, teacher in (
        ("two", {"fold": 2}, TeacherConfig()),
        ("all", {"fold": None, "holdout": 0}, taught),
    ):
        config = json.loads((runs / "run/config.json").read_text()) | {"init": "", "teacher": asdict(teacher)}
        (runs / f"{name}.json").write_text(json.dumps(config | {"data": config["data"] | changes}))
        options = ["--config", str(runs / f"{name}.json"), "--run", str(runs / name), "--cache", str(runs / "cache")]
        trained = command("training.run", *options, "--no-publish")
        assert trained.returncode == 0, trained.stderr
    judges = ["--fold-runs", str(runs / "two"), str(runs / "run")]
    released = command("training.publish", str(runs / "all"), "--store", str(runs / "judged"), *judges, "--no-int8")
    assert released.returncode == 0, released.stderr
    at = data.index("--fold")
    return runs / "judged", [*data[:at], *data[at + 2 :]]


def test_fold_models_score_what_the_released_weights_have_seen(
    complete: tuple[Path, list[str]], wary: tuple[Path, list[str]]
) -> None:
    store, data = complete
    release, before = (ModelStore(built_in=at).load("wary") for at in (store, wary[0]))
    assert release.manifest.folds == [1, 2]
    assert release.manifest.provenance.saw_all_groups
    assert "are of fold models (folds 1, 2)" in (release.folder / "MODEL_CARD.md").read_text()

    runs = ["--run", str(store.parent / "two"), str(store.parent / "run")]
    evaluated = command("training.evaluate", *runs, *data, "--synthetic-ood", "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    assert release.manifest.metrics is not None
    assert json.loads(evaluated.stdout) == json.loads(release.manifest.metrics.model_dump_json())
    assert release.manifest.metrics.protocol.endswith(
        "groups: folds 1, 2, each item by a model that was trained without its fold"
    )
    assert (
        f"left out {45 - release.manifest.metrics.n} of 45 items: of source videos that the weights learnt from"
        in evaluated.stderr
    )

    # Of fold 1 alone, the figures are those that its model was released with before.
    alone = command("training.evaluate", "--run", str(store.parent / "run"), *data, "--fold", "1", "--json")
    assert before.manifest.metrics is not None
    found, expected = json.loads(alone.stdout), json.loads(before.manifest.metrics.model_dump_json())
    assert found["top1"] == expected["top1"]
    assert found["confusion"] == expected["confusion"]
    assert found["n"] < release.manifest.metrics.n


def test_a_release_keeps_predictions_not_the_weights_they_are_of(complete: tuple[Path, list[str]]) -> None:
    release = ModelStore(built_in=complete[0]).load("wary")
    kept = {path.name for path in release.folder.glob("*.safetensors")}
    assert kept == {"model.safetensors", "predictions.safetensors"}
    assert kept < release.manifest.files.keys()


def test_a_card_is_computed_again_from_the_predictions(
    store: Path, wary: tuple[Path, list[str]], complete: tuple[Path, list[str]]
) -> None:
    for reference, where in (("toy@1", store), ("wary@1", wary[0]), ("wary@1", complete[0])):
        ended = command("training.evaluate", "--card", reference, "--store", str(where))
        assert ended.returncode == 0, ended.stderr
        assert f"{reference}: its stored predictions give all" in ended.stdout


def test_figures_that_the_predictions_do_not_give_are_listed(store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "store")
    path = tmp_path / "store/toy/1/model.json"
    told = json.loads(path.read_text())
    told["metrics"]["confusion"][0][1] += 1
    told["calibration"]["temperature"] += 0.5
    told["calibration"]["answer_set_thresholds"][0] = 1.0
    path.write_text(json.dumps(told))
    ended = command("training.evaluate", "--card", "toy", "--store", str(tmp_path / "store"))
    assert ended.returncode == 1
    assert "confusion/0/1: 1 on the card, 0 from the predictions" in ended.stdout
    assert "temperature: " in ended.stdout
    assert "answer_set_thresholds/0: 1.0 on the card, " in ended.stdout
    assert "toy@1: " in ended.stderr


def test_items_that_the_weights_have_learnt_from_are_never_scored(
    store: Path, complete: tuple[Path, list[str]], stills_root: Path
) -> None:
    own = ["--layout", "stills", "--data", str(stills_root), "--groups", "FOLDS.tsv:video"]
    some = command("training.evaluate", "--model", "toy", "--store", str(store), *own, "--json")
    assert some.returncode == 0, some.stderr
    held_out = ModelStore(built_in=store).load("toy").manifest.metrics
    assert held_out is not None
    assert json.loads(some.stdout)["confusion"] == held_out.confusion
    assert f"left out {45 - held_out.n} of 45 items: of source videos that the weights learnt from" in some.stderr
    none = command("training.evaluate", "--model", "wary", "--store", str(complete[0]), *own)
    assert none.returncode == 1
    assert "the weights have learnt from the source videos of all 45 items; --card recomputes" in none.stderr


def test_a_table_of_other_folds_does_not_change_who_scores_an_item(
    complete: tuple[Path, list[str]], stills_root: Path, tmp_path: Path
) -> None:
    store, data = complete
    table = (stills_root / "FOLDS.tsv").read_text().replace("\t2\n", "\t1\n")
    (tmp_path / "OTHER.tsv").write_text(table)
    elsewhere = [str(tmp_path / "OTHER.tsv:video") if option == "FOLDS.tsv:video" else option for option in data]
    own = elsewhere[: elsewhere.index("--auxiliary-data")]
    runs = ["--run", str(store.parent / "run"), str(store.parent / "two")]
    found = json.loads(command("training.evaluate", *runs, *own, "--json").stdout)
    metrics = ModelStore(built_in=store).load("wary").manifest.metrics
    assert metrics is not None
    assert (found["n"], found["confusion"]) == (metrics.n, metrics.confusion)


def test_runs_leave_out_what_they_learnt_from_whatever_its_source_videos_are_called(
    complete: tuple[Path, list[str]], store: Path
) -> None:
    data = complete[1]
    at = data.index("--groups")
    own = [*data[:at], *data[at + 2 : data.index("--auxiliary-data")], "--group-pattern", "(.*)"]
    if "--fold" in own:
        del own[own.index("--fold") : own.index("--fold") + 2]
    evaluated = command("training.evaluate", "--run", str(store.parent / "run"), *own, "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    held_out = open_dataset(checkpoint.read_config(store.parent / "run").data).split(0).validation
    assert json.loads(evaluated.stdout)["n"] == len(held_out)


def test_runs_have_no_int8_graphs(store: Path) -> None:
    options = ["--run", str(store.parent / "run"), "--layout", "stills", "--data", ".", "--precision", "int8"]
    assert "finished runs have no int8 graphs" in command("training.evaluate", *options).stderr


def test_stills_can_be_evaluated_as_if_filmed_in_another_shape(
    store: Path, stills_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []

    def read(path: Path, spec: ClipSpec, shape: Fraction) -> Frames:
        shown.append(shape)
        return read_cropped(path, spec, shape)

    monkeypatch.setattr("training.evaluate.read_cropped", read)
    options = ["--model", "toy", "--store", str(store), "--layout", "stills", "--data", str(stills_root)]
    options += ["--groups", "FOLDS.tsv:video", "--center-crop", "9:16", "--json"]
    found = json.loads(command("training.evaluate", *options).stdout)
    assert shown == [Fraction(9, 16)] * found["n"]


def test_judges_must_be_impartial(complete: tuple[Path, list[str]], store: Path) -> None:
    runs = complete[0].parent
    for run, judges, message in (
        ("run", ["two"], "is for a run that held nothing out, but the released one did"),
        ("all", ["all"], "left out no fold, so it cannot score one"),
        ("all", ["run", "run"], "left out fold 1, as"),
        ("all", [str(store.parent / "run")], "was trained with other options than the released run: "),
    ):
        names = [str(runs / judge) for judge in judges]
        with pytest.raises(SystemExit, match=message):
            publish.main([str(runs / run), "--store", str(runs / "none"), "--fold-runs", *names])


def test_a_run_is_not_measured_on_what_it_has_learnt_from(store: Path, tmp_path: Path) -> None:
    """Not even if the options, or the table of folds, say by now that it was held out."""
    shutil.copytree(store.parent / "run", tmp_path / "run")
    config = json.loads((tmp_path / "run/config.json").read_text())
    before = config | {"data": config["data"] | {"fold": 2}}
    (tmp_path / "run/config.json").write_text(json.dumps(before))
    with pytest.raises(SystemExit, match=r"has learnt from .* source videos that it would be measured on"):
        publish.main([str(tmp_path / "run"), "--store", str(tmp_path / "store")])
    # Nor if it was another run, whose weights it began with, that has learnt from it.
    shutil.copytree(store.parent / "run", tmp_path / "first")
    first = checkpoint.read_config(tmp_path / "first")
    record_sources(tmp_path / "first", first, open_dataset(first.data).split(0).validation.groups)
    (tmp_path / "run/config.json").write_text(json.dumps(config | {"init": str(tmp_path / "first")}))
    (tmp_path / "run/sources.json").unlink()
    own = checkpoint.read_config(tmp_path / "run")
    record_sources(tmp_path / "run", own, open_dataset(own.data).split(0).training.groups)
    with pytest.raises(SystemExit, match=r"first, which has learnt from .* source videos that it would be measured on"):
        publish.main([str(tmp_path / "run"), "--store", str(tmp_path / "store")])


def test_a_rehearsal_shows_the_card_and_releases_nothing(store: Path) -> None:
    rehearsed = command("training.publish", str(store.parent / "run"), "--store", str(store), "--dry-run", "--no-int8")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert "# toy, version 2" in rehearsed.stdout
    assert "## In 8-bit integers" not in rehearsed.stdout
    assert "nothing was released. It would be toy@2" in rehearsed.stdout
    assert [path.name for path in (store / "toy").iterdir()] == ["1"]


def test_a_finished_run_has_its_plots_and_its_board(store: Path) -> None:
    run = store.parent / "run"
    assert {"curves.png", "confusion.png", "reliability.png"} <= {path.name for path in run.iterdir()}
    assert len(list((run / "tensorboard").iterdir())) == 1


def test_a_release_names_no_path_of_the_machine_that_made_it(
    store: Path, wary: tuple[Path, list[str]], complete: tuple[Path, list[str]], stills_root: Path
) -> None:
    """Nor what its source videos are called."""
    folders = [store / "toy/1", wary[0] / "wary/1", complete[0] / "wary/1"]
    for path in (path for folder in folders for path in folder.iterdir()):
        content = path.read_bytes()
        for root in (stills_root.parent, Path.cwd()):
            assert str(root).encode() not in content, path
        assert b"v_Punch_g" not in content, path


def test_a_release_hands_on_what_it_has_learnt_from(store: Path, wary: tuple[Path, list[str]]) -> None:
    """Also what is behind it: all that the run had seen with which it began."""
    told = [set(json.loads((folder / "sources.json").read_text())) for folder in (store / "toy/1", wary[0] / "wary/1")]
    assert told[0] < told[1]
    assert told[0] == sources_of_run(store.parent / "run").known()
    assert "sources.json" in ModelStore(built_in=store).load("toy").manifest.files


def test_a_bad_file_ends_the_run_or_is_listed(stills_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "stills"
    for name in CLASSES:
        (root / name).mkdir(parents=True)
        for path in (stills_root / name).iterdir():
            os.link(path, root / name / path.name)
    bad = root / "Punch/v_Punch_g01_c09.jpg"
    bad.write_text("no frame")
    options = ["--layout", "stills", "--data", str(root), "--classes", ",".join(CLASSES), "--holdout", "0"]
    options += ["--stages", "1x1x16x8", "--no-publish", "--run", str(tmp_path / "run")]
    options += ["--cache", str(tmp_path / "cache")]
    refused = command("training.run", *options)
    assert refused.returncode == 1
    assert f"error: {bad} cannot be read" in refused.stderr
    assert "--skip-bad" in refused.stderr
    assert "Traceback" not in refused.stderr
    # Nothing was trained yet, so that the corrected command may use the same folder.
    skipped = command("training.run", *options, "--skip-bad")
    assert skipped.returncode == 0, skipped.stderr
    assert f"skipped {bad}" in skipped.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["training.run", "--layout", "stills", "--data", "/nowhere"], "error: no folder /nowhere"),
        (
            ["training.run", "--layout", "stills"],
            "error: say where the data is. Actions of your own",
        ),
        (["training.publish", "/nowhere"], "error: /nowhere is not a run's folder"),
        (["training.evaluate", "--model", "x@1", "--layout", "stills", "--data", "."], "error: no model x@1"),
        (["training.evaluate", "--layout", "stills", "--data", "/nowhere"], "error: no folder /nowhere"),
        (["training.evaluate", "--data", "."], "--data and --layout are needed, unless --card"),
        (["training.evaluate", "--card", "x@1"], "error: no model x@1"),
        (["training.evaluate", "--run", "/nowhere", "--layout", "stills", "--data", "."], "is not a run's folder"),
        (["training.run", "--stages", "1"], "error: --stages must be EPOCHS"),
        (["training.run", "--name", "My Model"], "error: --name may be made of a-z"),
        (["training.run", "--dropout", "2"], "error: --dropout must be from 0 to 1, but got 2.0"),
        (["training.run", "--cache-size", "144"], "error: --cache-size must be HEIGHTxWIDTH in pixels"),
        (["training.cache", "show", "/nowhere"], "error: /nowhere holds no cache"),
        (["training.cache", "build", "--layout", "stills", "--data", "/nowhere"], "error: no folder /nowhere"),
        (
            ["training.cache", "pack", "/nowhere", "--layout", "stills", "--data", "/nowhere"],
            "error: no folder /nowhere",
        ),
        (["training.run", "--device", "gpu"], "error: the device 'gpu' cannot be used"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    ended = command(*arguments, *(["--run", str(tmp_path / "run")] if arguments[0] == "training.run" else []))
    assert ended.returncode != 0
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_explains_every_option() -> None:
    commands = (["run"], ["evaluate"], ["compare"], ["publish"], ["fetch"], ["cache"], ["cache", "pack"])
    for module, *subcommand in commands:
        shown = command(f"training.{module}", *subcommand, "--help")
        assert shown.returncode == 0
        assert "python -m training" in shown.stdout
