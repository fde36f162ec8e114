"""Names that are not UTF-8, of files, folders and source videos, through all that a run writes and reads."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.conftest import CLASSES
from training.cache.__main__ import main as cache
from training.cache.datamodule import open_data_module
from training.cache.pack_reader import Pack
from training.config.data import DataConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.evaluation.leakage import check_no_leakage, is_learnt, sources_of_run
from training.names import as_text, is_text, to_bytes
from training.reporting.provenance import provenance_of
from training.run import run

ODD = "caf\udce9\udcff"  # the bytes E9 and FF: "café" in Latin-1, and more


@pytest.fixture
def config(few_stills_root: Path, tmp_path: Path) -> Config:
    """A data set all of whose names are odd, but for its classes'."""
    root = tmp_path / f"data {ODD}"
    shutil.copytree(few_stills_root, root)
    for path in root.rglob("*.jpg"):
        path.rename(path.with_stem(path.stem + ODD))
    table = (root / "FOLDS.tsv").read_text().replace(".jpg", f"{ODD}.jpg").replace("\tv_", f"\t{ODD}_")
    (root / f"{ODD}.tsv").write_bytes(os.fsencode(table))
    data = DataConfig(data=str(root), layout="stills", classes=CLASSES, groups=f"{ODD}.tsv:video", fold=1)
    return Config(data=data, stages=parse_stages("1x1x32x8"))


def test_a_run_takes_any_name_and_gives_it_back(config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert run(config, folder, False, torch.device("cpu"), tmp_path / ODD)
    split = open_dataset(config.data).split(config.seed)
    learnt = sources_of_run(folder)
    assert learnt.own == set(split.training.groups)
    assert all(name.startswith(ODD) for name in learnt.own)
    assert all(is_learnt(item, learnt.known()) for item in split.training.items)
    check_no_leakage(folder, split.validation.items)
    assert json.loads((folder / "data.json").read_text())["passed_over"][0]["example"] == "FOLDS.tsv"
    told = provenance_of(config, split, "").model_dump_json()
    assert r"data caf\\xe9\\xff" in told


def test_a_pack_takes_any_name_and_gives_it_back(config: Config, tmp_path: Path) -> None:
    data, folder = config.data, tmp_path / f"pack {ODD}"
    open_data_module(config, tmp_path / ODD).load()
    options = ["--layout", data.layout, "--data", data.data, "--classes", ",".join(CLASSES), "--groups", data.groups]
    cache(["pack", str(folder), *options, "--fold", "1", "--cache", str(tmp_path / ODD)])
    pack = Pack(folder)
    split, real = pack.split(pack.config(Config())), open_dataset(data).split(0)
    assert split.training.groups == real.training.groups
    assert [i.path.name for i in split.training.items] == [i.path.name for i in real.training.items]


def test_a_class_must_have_a_name_that_is_text(config: Config) -> None:
    root = Path(config.data.data)
    shutil.copytree(root / "Punch", root / ODD)
    with pytest.raises(TrainingError, match=r"class folder 'caf\\udce9\\udcff': the name is not UTF-8"):
        open_dataset(replace(config.data, classes=("all",), groups="", fold=None))


def test_a_run_must_have_a_folder_that_is_text(config: Config, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"--run .*\\udcff': the name is not UTF-8"):
        run(config, tmp_path / ODD, False, torch.device("cpu"))


@pytest.mark.parametrize("name", ["", "jump", "прыжок €", "\x85"])
def test_text_has_the_bytes_that_it_has_in_utf_8(name: str) -> None:
    assert is_text(name)
    assert to_bytes(name) == name.encode()


def test_other_names_have_the_bytes_of_their_files() -> None:
    assert not is_text(ODD)
    assert as_text(ODD) == r"caf\xe9\xff"
    assert to_bytes(ODD) == os.fsencode(ODD) == b"caf\xe9\xff"
