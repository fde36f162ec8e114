"""Small data sets in the layouts of the real ones, made of frames that tests draw."""

import functools
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from tests.shipped import SHIPPED
from training.config.data import DataConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.data.synthetic_ood import draw_synthetic_ood
from training.model import resolve
from training.run import run
from videoxception.store import Release

CLASSES = ("Bowling", "Drumming", "Punch")
GROUPS, CLIPS = 5, 3
DRAWN_CLIPS = 3
OTHERS = ("Golf", "Knitting", "YoYo")
_COLORS = {"Bowling": (200, 40, 40), "Drumming": (40, 200, 40), "Punch": (40, 40, 200)}
_OTHER_COLORS = {"Golf": (200, 200, 40), "Knitting": (200, 40, 200), "YoYo": (40, 200, 200)}


def draw(path: Path, color: tuple[int, int, int], seed: int) -> None:
    """A JPEG of one colour with noise, 64 x 48."""
    rng = np.random.default_rng(seed)
    frame = np.clip(np.array(color) + rng.normal(0, 25, (48, 64, 3)), 0, 255).astype(np.uint8)
    with av.open(str(path), "w", format="image2") as output:
        stream = output.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuvj420p")))
        output.mux(stream.encode(None))


@pytest.fixture(scope="session")
def stills_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """<Class>/v_<Class>_gGG_cCC.jpg and FOLDS.tsv; groups 1 and 2 of a class share a source video."""
    return make_stills(tmp_path_factory.mktemp("stills"), CLIPS)


@pytest.fixture(scope="session")
def few_stills_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with one clip of each group: folds 0 and 1 have three items each."""
    return make_stills(tmp_path_factory.mktemp("few-stills"), 1)


def make_stills(root: Path, clips: int) -> Path:
    rows = ["path\tclass\tgroup\tvideo\tfold"]
    for name in CLASSES:
        (root / name).mkdir()
        for group in range(1, GROUPS + 1):
            for clip in range(1, clips + 1):
                path = f"{name}/v_{name}_g{group:02d}_c{clip:02d}.jpg"
                draw(root / path, _COLORS[name], hash((group, clip)) % 1000)
                rows.append(f"{path}\t{name}\tg{group:02d}\tv_{name}_g{max(group, 2):02d}\t{max(group, 2) % 3}")
    (root / "FOLDS.tsv").write_text("\n".join(rows) + "\n")
    return root


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of one short epoch each, on a few stills whose pixels lie in one cache."""

    folder: Path
    data: DataConfig
    cache: Path

    def train(self, name: str, fold: int | None, seed: int = 0, **changes: object) -> Path:
        """The folder of a new run."""
        stages, data = parse_stages("1x1x32x8"), replace(self.data, fold=fold)
        config = Config(name="small", data=data, stages=stages, seed=seed, **changes)
        run(config, self.folder / name, False, torch.device("cpu"), self.cache)
        return self.folder / name

    def finished(self, fold: int, seed: int) -> Path:
        """One that is trained once for all tests: not to be changed."""
        folder = self.folder / f"{fold}-{seed}"
        return folder if folder.exists() else self.train(folder.name, fold, seed)


@pytest.fixture(scope="session")
def runs(few_stills_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Small finished runs."""
    folder = tmp_path_factory.mktemp("runs")
    data = DataConfig(data=str(few_stills_root), layout="stills", classes=CLASSES, groups="FOLDS.tsv:video", holdout=0)
    return Runs(folder, data, folder / "cache")


@pytest.fixture(scope="session")
def auxiliary_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of three other classes, without a table."""
    root = tmp_path_factory.mktemp("auxiliary")
    for name, color in _OTHER_COLORS.items():
        (root / name).mkdir()
        for group in range(1, GROUPS + 1):
            for clip in range(1, CLIPS):
                draw(root / name / f"v_{name}_g{group:02d}_c{clip:02d}.jpg", color, 100 * group + clip)
    return root


@pytest.fixture(autouse=True, scope="session")
def _heap_as_it_is() -> Iterator[None]:
    """Commands run in this process must not change how it frees memory."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("run", "compare"):
            patch.setattr(importlib.import_module(f"training.{name}"), "keep_heap", lambda: True)
        yield


@pytest.fixture(autouse=True, scope="session")
def _few_are_drawn() -> Iterator[None]:
    """Releases are measured with a few synthetic OOD clips of each kind, always the same: no test waits for more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.evaluation.ood.CLIPS", DRAWN_CLIPS)
        patch.setattr("training.evaluation.ood.draw_synthetic_ood", functools.cache(draw_synthetic_ood))
        yield


@pytest.fixture
def silent_release(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a release from before releases told what they had learnt from."""

    class Store:
        @classmethod
        def from_path(cls, search_path: str) -> "Store":
            return cls()

        def load(self, reference: str) -> Release:
            assert reference == "silent@1"
            return Release(SHIPPED.folder, SHIPPED.manifest.model_copy(update={"files": {}}))

    monkeypatch.setattr(resolve, "ModelStore", Store)
    return "silent@1"
