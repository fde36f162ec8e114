import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.conftest import CLASSES
from training.cache.__main__ import main
from training.cache.datamodule import open_data_module
from training.cache.loader import Library
from training.cache.pack_reader import FRAMES, Pack, spread
from training.config.cache import CacheConfig
from training.config.clip import ClipConfig
from training.config.data import ROTATE, DataConfig
from training.config.schema import Config
from training.data.loading import open_dataset
from training.errors import TrainingError

SIZE = "48x64"


@pytest.fixture(scope="module")
def config(stills_root: Path) -> Config:
    data = DataConfig(data=str(stills_root), layout="stills", classes=CLASSES, groups="FOLDS.tsv:video", fold=1)
    return Config(data=data, seed=3, cache=CacheConfig(cache_size=SIZE))


@pytest.fixture(scope="module")
def cached(config: Config, tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Path]:
    """The cache that the pack is made of, and its folder."""
    folder = tmp_path_factory.mktemp("cache")
    library, _, _ = open_data_module(config, folder).load()
    return library, folder


def make(folder: Path, config: Config, cache: Path, *more: str) -> None:
    data = config.data
    options = ["--layout", data.layout, "--data", data.data, "--classes", ",".join(data.classes)]
    options += ["--groups", data.groups, "--fold", str(data.fold), "--seed", "3", "--cache", str(cache)]
    main(["pack", str(folder), *options, *more])


@pytest.fixture(scope="module")
def packed(config: Config, cached: tuple[Library, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed") / "pack"
    make(folder, config, cached[1], "--quality", "95")
    return folder


def names(items: object, root: Path) -> list[tuple[str, str, str, int | None]]:
    return [(i.path.relative_to(root).as_posix(), i.label, i.group, i.fold) for i in items]  # type: ignore[attr-defined]


@pytest.mark.parametrize("fold", [None, 1, 2])
def test_a_pack_brings_data_split_and_protocol(
    fold: int | None, packed: Path, config: Config, stills_root: Path
) -> None:
    pack = Pack(packed)
    settled = pack.config(Config(seed=3, data=DataConfig(fold=fold)))
    expected = DataConfig(**{**{n: getattr(config.data, n) for n in config.data.__slots__}, "fold": fold or 1})
    assert settled.data == expected  # so that the run can be published where the data are
    split, real = pack.split(settled), open_dataset(expected).split(seed=3)
    assert split.protocol in real.protocol if fold == 2 else split.protocol == real.protocol
    assert split.training.classes == CLASSES
    in_order = (
        list if fold != 2 else sorted
    )  # the very order of a run where the data are, for the split that was packed
    for found, expected_items in ((split.training, real.training), (split.validation, real.validation)):
        assert in_order(names(found.items, packed)) == in_order(names(expected_items.items, stills_root))


def test_a_pack_brings_the_others_too(config: Config, stills_root: Path, auxiliary_root: Path, tmp_path: Path) -> None:
    data = replace(config.data, auxiliary=("Golf", "YoYo"), auxiliary_data=str(auxiliary_root))
    options = ["--layout", "stills", "--data", data.data, "--classes", ",".join(CLASSES), "--groups", data.groups]
    options += ["--auxiliary", ",".join(data.auxiliary), "--auxiliary-data", data.auxiliary_data, "--cache-size", SIZE]
    main(
        ["pack", str(tmp_path / "pack"), *options, "--fold", "1", "--cache", str(tmp_path / "cache"), "--quality", "80"]
    )
    pack = Pack(tmp_path / "pack")
    for fold in (1, 2):
        found = pack.split(pack.config(Config(data=DataConfig(fold=fold))))
        real = open_dataset(replace(data, fold=fold)).split(0)
        assert found.training.classes == real.training.classes == (*CLASSES, "Golf", "YoYo")
        for part, expected in ((found.validation, real.validation), (found.auxiliary, real.auxiliary)):
            assert part.classes == expected.classes
            assert sorted(part.groups) == sorted(expected.groups)
    assert pack.load().copy(tmp_path / "pack/others/Golf/v_Golf_g01_c01.jpg").shape == (1, 3, 48, 64)


def test_folds_of_a_pack_leave_out_auxiliary_classes(config: Config, auxiliary_root: Path, tmp_path: Path) -> None:
    data = replace(config.data, auxiliary=("all",), auxiliary_data=str(auxiliary_root), fold=None, holdout=0)
    options = ["--layout", "stills", "--data", data.data, "--classes", ",".join(CLASSES), "--groups", data.groups]
    options += ["--auxiliary", "all", "--auxiliary-data", data.auxiliary_data, "--cache-size", SIZE]
    options += ["--cache", str(tmp_path / "cache"), "--quality", "80", "--holdout", "0"]
    main(["pack", str(tmp_path / "pack"), *options])
    main(["pack", str(tmp_path / "of-fold-1"), *options, "--fold", "1", "--unseen", "rotate"])
    pack, own = Pack(tmp_path / "pack"), Pack(tmp_path / "of-fold-1")
    for fold in (0, 1, 2):
        settled = pack.config(Config(data=DataConfig(fold=fold, unseen=ROTATE)))
        dataset = open_dataset(replace(data, fold=fold, unseen=ROTATE))
        assert settled.data == dataset.config
        found, real = pack.split(settled), dataset.split(0)
        assert found.training.classes == real.training.classes
        for part, expected in ((found.training, real.training), (found.auxiliary, real.auxiliary)):
            assert sorted(part.groups) == sorted(expected.groups)
        if fold == 1:
            assert own.config(Config(data=DataConfig(fold=1))).data == dataset.config
    with pytest.raises(
        TrainingError, match=r"of-fold-1 was made without the auxiliary classes .*; to leave out others"
    ):
        own.config(Config(data=DataConfig(fold=2)))


def test_its_frames_are_close_to_the_caches(packed: Path, cached: tuple[Library, Path], stills_root: Path) -> None:
    library = Pack(packed).load()
    name = "Drumming/v_Drumming_g02_c01.jpg"
    copy, clip = library.copy(packed / name), library.clip(packed / name)
    assert copy.shape == (1, 3, 48, 64)
    assert clip.shape == (1, 128, 128, 3)
    for found, exact in ((copy, cached[0].copy(stills_root / name)), (clip, cached[0].clip(stills_root / name))):
        assert np.abs(found.astype(int) - exact).mean() < 12  # noise, which JPEG and scaling smooth
        assert np.abs(found.mean((0, 2, 3)) - exact.mean((0, 2, 3))).max() < 3


def test_it_stays_below_the_size_that_it_may_have(
    config: Config, cached: tuple[Library, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "large", config, cached[1])
    make(tmp_path / "small", config, cached[1], "--megabytes", "0.06")
    large, small = (sum(f.stat().st_size for f in (tmp_path / name).iterdir()) for name in ("large", "small"))
    assert small <= 60_000 < large
    assert Pack(tmp_path / "small").spec.size < Pack(tmp_path / "large").spec.size == (48, 64)
    assert "(the cache has up to 30 frames of 48x64)" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"over the 0\.0 MB that a pack may have: allow more with --megabytes"):
        make(tmp_path / "none", config, cached[1], "--megabytes", "0.01")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large", "small"]


def test_ten_of_thirty_frames_are_the_clips_own() -> None:
    assert spread(30, 10) == [3 * i + 1 for i in range(10)]
    assert spread(10, 10) == list(range(10))
    assert spread(1, 1) == [0]


def test_mistakes_are_named(packed: Path, config: Config, cached: tuple[Library, Path], tmp_path: Path) -> None:
    pack = Pack(packed)
    with pytest.raises(TrainingError, match="brings its own data set: leave --data out"):
        pack.config(config)
    with pytest.raises(TrainingError, match="but --cache-size asks for 96x128"):
        pack.config(Config(cache=CacheConfig(cache_size="96x128")))
    with pytest.raises(SystemExit, match="is there already"):
        make(packed, config, cached[1])
    with pytest.raises(SystemExit, match="--frames must be from 1 to the cache's 30, but got 31"):
        make(tmp_path / "pack", config, cached[1], "--frames", "31")
    with pytest.raises(SystemExit, match="--quality must be from 1 to 100, but got 0"):
        make(tmp_path / "pack", config, cached[1], "--quality", "0")
    with pytest.raises(TrainingError, match=r"another kind \(10 frames of 128x128\) than .* \(8 frames of 128x128\)"):
        open_data_module(Config(clip_shape=ClipConfig(clip_frames=8)), packed)


def test_a_split_that_was_drawn_goes_with_its_seed(packed: Path, tmp_path: Path) -> None:
    """Another seed would hold out other items where the run is published, and measure it on what it had trained on."""
    folder = shutil.copytree(packed, tmp_path / "pack")
    header = json.loads((folder / "pack.json").read_text())
    config = json.loads(header["config"])
    config["data"]["fold"] = None
    (folder / "pack.json").write_text(json.dumps(header | {"config": json.dumps(config)}))
    assert Pack(folder).config(Config(seed=3)).data.fold is None
    assert Pack(folder).config(Config(seed=4, data=DataConfig(fold=2))).data.fold == 2
    with pytest.raises(TrainingError, match="was split with --seed 3; train with that, or pack again with --seed 4"):
        Pack(folder).config(Config(seed=4))


def test_a_pack_that_did_not_come_over_whole(packed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(packed, tmp_path / "pack")
    content = (folder / FRAMES).read_bytes()
    (folder / FRAMES).write_bytes(content[:-1])
    with pytest.raises(TrainingError, match=r"frames\.bin is damaged or not whole; carry it over again"):
        Pack(folder).load()
    (folder / "pack.json").write_text("{}")
    with pytest.raises(TrainingError, match=r"the pack .* cannot be read"):
        Pack(folder)
