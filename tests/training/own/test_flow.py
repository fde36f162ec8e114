"""From a folder to a model that answers: one command, twice, and what it leaves."""

import csv
import shutil
from pathlib import Path

import pytest
from torch import nn

from tests.commands import Ended, command
from tests.training.conftest import draw
from tests.videos import make_video
from training.bank.store import BankWriter
from training.config.data import DataConfig
from training.config.schema import Config
from training.data.loading import open_dataset
from training.evaluation.doubted_files import doubted_files
from training.evaluation.leakage import hash_of, sources_of_release
from training.model.pretrained import PretrainedWeights
from training.own import heads, trunk
from videoxception.manifest import Manifest
from videoxception.store import ModelStore

COLORS = {"high jump": (220, 30, 30), "run": (30, 30, 220)}
SMALL = ["--architecture", "videoxception-c", "--clip-frames", "2", "--clip-size", "32", "--cache-size", "40x48"]
SMALL += ["--views", "2", "--epochs", "1", "--lr", "0.05", "--group-pattern", "(.*)"]


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of stills of two colours, a video among them, none of these, and files that are no clips."""
    root = tmp_path_factory.mktemp("own clips")
    for number, (name, color) in enumerate(COLORS.items()):
        (root / name).mkdir()
        for k in range(6):
            draw(root / name / f"{k}.jpg", color, 10 * number + k)
    (root / "_other").mkdir()
    for k in range(3):
        draw(root / "_other" / f"{k}.jpg", (30, 220, 30), 100 + k)
    make_video(root / "run/moving.mp4", "libx264", 8)
    (root / "run/broken.MP4").write_bytes(b"no video at all")
    (root / "run/empty.mp4").write_bytes(b"")
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def patch_small(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Weights of chance stand for ImageNet's, PyTorch for OpenVINO; few steps; and a user's own store."""

    def drawn(config: Config, net: nn.Module) -> PretrainedWeights:
        return PretrainedWeights({name: tensor.clone() for name, tensor in net.state_dict().items()})

    patch.setattr(trunk, "first_weights", drawn)
    patch.setattr("training.bank.trunk.find_spec", lambda name: None)
    patch.setattr(heads, "_LEAST_STEPS", 30)
    patch.setenv("XDG_DATA_HOME", str(home))


@pytest.fixture(autouse=True)
def _small(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch_small(monkeypatch, home)


def train(folder: Path, run: Path, *more: str) -> Ended:
    return command("training.run", str(folder), "--run", str(run), *SMALL, *more)


@pytest.fixture(scope="module")
def trained(own_folder: Path, home: Path) -> tuple[Path, Ended, Manifest]:
    """The run's folder, what the command said, and what it released."""
    with pytest.MonkeyPatch.context() as patch:
        patch_small(patch, home)
        ended = train(own_folder, home / "run")
        assert ended.returncode == 0, ended.stderr
        return home / "run", ended, ModelStore.from_path("").load("my-actions").manifest


def test_it_is_released_into_the_users_own_store(trained: tuple[Path, Ended, Manifest], home: Path) -> None:
    _, ended, manifest = trained
    assert manifest.classes == ["high jump", "run"]
    assert manifest.auxiliary == ["_other"]
    assert f"released my-actions@1 in {home / 'videoxception/models/my-actions/1'}" in ended.stdout
    assert "curl -F file=@" in ended.stdout
    assert "'localhost:8000/predict?model=my-actions'" in ended.stdout.splitlines()[-1]


def test_every_clip_has_an_answer_of_a_head_that_has_not_seen_it(trained: tuple[Path, Ended, Manifest]) -> None:
    run, _, manifest = trained
    assert manifest.folds == [0, 1, 2, 3, 4]
    assert manifest.metrics is not None
    assert manifest.metrics.n == 13
    assert manifest.metrics.top1 > 0.8  # of two colours
    assert manifest.metrics.protocol.endswith("each item by a model that was trained without its fold")
    assert manifest.metrics.known is not None
    with (run / "out_of_fold.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["path"] for row in rows}) == 13
    right = sum(row["answer"] == row["label"] for row in rows) / 13
    assert right == pytest.approx(manifest.metrics.top1, abs=1e-4)


def test_its_card_can_be_computed_again(trained: tuple[Path, Ended, Manifest]) -> None:
    ended = command("training.evaluate", "--card", "my-actions")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_what_was_left_out_is_named(trained: tuple[Path, Ended, Manifest], own_folder: Path) -> None:
    said = trained[1].stdout
    for name in ("broken.MP4", "empty.mp4"):
        assert f"left out {own_folder / 'run' / name}: " in said
    assert "fewer than 10 clips of high jump (6), run (7)" in said
    assert "top-5" not in said


def test_the_same_command_does_nothing_twice(trained: tuple[Path, Ended, Manifest], own_folder: Path) -> None:
    again = train(own_folder, trained[0])
    assert again.returncode == 0, again.stderr
    assert "was released as my-actions@1 with these very clips and options; nothing was done" in again.stdout


def test_the_labels_of_its_folder_can_be_doubted(trained: tuple[Path, Ended, Manifest], own_folder: Path) -> None:
    items = open_dataset(DataConfig(layout="own", data=str(own_folder), classes=tuple(COLORS))).part(None).items
    doubted = doubted_files(ModelStore.from_path("").load("my-actions@1"), items)
    assert "moving.mp4" in {each.item.path.name for each in doubted}
    assert len(doubted) == 13


def test_a_release_tells_what_it_has_learnt(trained: tuple[Path, Ended, Manifest]) -> None:
    learnt = sources_of_release(ModelStore.from_path("").load("my-actions"))
    assert learnt is not None
    assert {hash_of("run/moving.mp4"), hash_of("_other/0.jpg")} <= learnt


def test_evaluation_refuses_what_it_has_learnt(
    trained: tuple[Path, Ended, Manifest], own_folder: Path, tmp_path: Path
) -> None:
    for name in COLORS:
        shutil.copytree(own_folder / name, tmp_path / name, ignore=shutil.ignore_patterns("broken*", "empty*"))
    data = ["--layout", "own", "--data", str(tmp_path)]
    ended = command("training.evaluate", "--model", "my-actions", *data)
    assert ended.returncode == 1
    assert "the weights have learnt from the source videos of all 13 items" in ended.stderr


@pytest.mark.slow
def test_a_folder_test_is_only_measured_on(
    own_folder: Path, trained: tuple[Path, Ended, Manifest], tmp_path: Path
) -> None:
    for name in COLORS:
        shutil.copytree(own_folder / name, tmp_path / "data/train" / name)
        (tmp_path / "data/test" / name).mkdir(parents=True)
        shutil.move(tmp_path / "data/train" / name / "0.jpg", tmp_path / "data/test" / name)
    ended = train(tmp_path / "data", tmp_path / "run", "--init", "my-actions", "--name", "parts")
    assert ended.returncode == 0, ended.stderr
    manifest = ModelStore.from_path("").load("parts").manifest
    assert manifest.metrics is not None
    assert manifest.folds == []
    assert (manifest.metrics.n, manifest.provenance.saw_all_groups) == (2, False)
    assert "the test part, held out of everything" in manifest.metrics.protocol


def test_a_name_of_a_model_with_other_classes_is_refused(
    trained: tuple[Path, Ended, Manifest], own_folder: Path, tmp_path: Path
) -> None:
    for name, into in (("high jump", "hop"), ("run", "run")):
        shutil.copytree(own_folder / name, tmp_path / "data" / into)
    ended = train(tmp_path / "data", tmp_path / "run")
    assert ended.returncode == 1
    assert "--name my-actions: my-actions@1 in " in ended.stderr
    assert "has other classes (2 differ, such as high jump); give this model a name of its own" in ended.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--teacher", "videoxception-a"], "--teacher: means nothing with a folder of one's own"),
        (["--recipe", "linear"], "a folder of one's own has a recipe of its own"),
        (["--auxiliary", "nothing-there"], "--auxiliary nothing-there is no folder"),
        (["--init", "videoxception-a"], "and --architecture asks for videoxception-c"),
    ],
)
def test_options_that_do_not_fit(options: list[str], message: str, own_folder: Path, tmp_path: Path) -> None:
    ended = train(own_folder, tmp_path, "--name", "other", *options)
    assert ended.returncode == 1
    assert message in ended.stderr


def test_a_full_disk_is_named_and_nothing_is_lost(
    own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, monkeypatch.context() as patch:
        patch.setattr("training.bank.store.BankWriter", lambda bank, _, keys: BankWriter(bank, full, keys))
        ended = train(own_folder, tmp_path / "run", "--name", "full")
    assert ended.returncode == 1
    assert "cannot be written: No space left on device" in ended.stderr
    assert "full" not in ModelStore.from_path("").versions()


def test_ctrl_c_says_how_to_go_on(own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.own.flow.material_of", interrupted)
    ended = train(own_folder, tmp_path / "run", "--name", "stopped")
    assert ended.returncode == 1
    assert "stopped; the same command goes on" in ended.stderr
    assert "stopped" not in ModelStore.from_path("").versions()
