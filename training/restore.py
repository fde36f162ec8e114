"""Makes the folder of a finished run out of a released model, or out of one of its fold models.

    python -m training.restore videoxception-a --run runs/all --data DIR --groups FOLDS.tsv:video --others-data DIR2
    python -m training.restore videoxception-a --run runs/4 --fold 4 --data ... (as above)
    python -m training.publish runs/all --fold-runs runs/4 runs/3           the same weights, judged by one more model
    python -m training.compare runs/4 --with runs/mine-4                    a new run against the released recipe

A run's folder is seldom kept as long as what it released. What comes back are the weights, the options and what was
learnt from; the optimiser's memory and the log do not. A fold model's options are those of the released run: with which
weights, teachers and seed its own run began is not released. The data must be those that the release was trained with.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from safetensors.torch import load_file

from training.config.places import Places
from training.config.schema import Config, DataConfig, config_from_json
from training.data.fingerprint import fingerprint
from training.data.loading import load_split
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.cross_validation import check_items, of_folds
from training.evaluation.leakage import note_restored, told_by
from training.model import checkpoint
from training.model.build import fresh_network
from training.model.train_state import new_state
from videoxception.store import ModelStore, Release, StoreError


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `python -m training.restore`."""
    options = _parse(arguments)
    places = Places(options.data, options.others_data, options.groups, options.lists)
    try:
        release = ModelStore.from_path(options.store).load(options.model)
        restore(release, options.run, places, options.fold)
    except (TrainingError, StoreError) as error:
        sys.exit(f"error: {error}")
    print(f"{options.run} is a finished run with the weights of {_named(release, options.fold)}")
    print(f"its card says: {release.manifest.provenance.trained_on}")
    print("what --note added to that has to be given to publish again")


def restore(release: Release, folder: Path, places: Places, fold: int | None = None) -> None:
    """Writes the run's folder, of the released weights or of those of a fold model.

    Raises `TrainingError` if the folder holds a run, if the release has no such fold model or does not tell what it has
    learnt from, or if the data are others.
    """
    if (folder / "checkpoint.pt").exists():  # without one, an earlier restore was cut short
        raise TrainingError(f"{folder} holds a run already; name another with --run")
    config = _config_of(release, places)
    if fold is not None:
        _check_fold(release, fold)
    split = load_split(config.data, config.seed)
    _check_data(release, split, config.data)
    if fold is not None:
        classes = config.data.classes
        check_items(release, of_folds(split.training.where(lambda item: item.label in classes), [fold]))
        config = _of_fold(config, fold)
        split = load_split(config.data, config.seed)
    checkpoint.open_run(folder, config, resume=False)
    note_restored(folder, release, split)
    _save(release, config, folder, fold)


def _check_fold(release: Release, fold: int) -> None:
    if fold not in release.manifest.folds:
        have = ", ".join(str(number) for number in release.manifest.folds) or "none"
        raise TrainingError(f"{release} has no model that left out fold {fold}; it has fold models of: {have}")
    if told_by(release) is None:
        raise TrainingError(
            f"{release} does not tell what it has learnt from, so that its fold models can measure nothing fairly;"
            " train them again"
        )


def _of_fold(config: Config, fold: int) -> Config:
    """The released run's options as a fold's run has them. What that run began with and was taught by is not told."""
    return replace(
        config,
        init="",
        teacher=replace(config.teacher, teacher=""),
        data=replace(config.data, fold=fold, holdout=DataConfig().holdout),
    )


def _config_of(release: Release, places: Places) -> Config:
    """The options of the released run, with the data where they lie now."""
    config = config_from_json(json.dumps(release.manifest.provenance.recipe))
    if config.init_share:
        raise TrainingError(
            f"{release} lies part of the way back to the weights that its run began with (--init-share), and where it"
            " stood before is not released"
        )
    now = asdict(places)
    for name, place in now.items():
        if getattr(config.data, name) and not place:
            raise TrainingError(
                f"{release} was trained with --{name.replace('_', '-')} {getattr(config.data, name)}; say where that"
                " lies now"
            )
    return replace(config, data=replace(config.data, **now))


def _check_data(release: Release, split: Split, config: DataConfig) -> None:
    found, wanted = fingerprint(split.training, config), release.manifest.provenance.data_fingerprint
    if found != wanted:
        raise TrainingError(
            f"{release} was not trained on these {len(split.training)} files of {config.data}"
            f"{f' and {config.others_data}' if config.others_data else ''}, or not with these source videos: their"
            f" fingerprint is {found[:16]}, not {wanted[:16]}. Name the data and --groups that it was trained with"
        )


def _save(release: Release, config: Config, folder: Path, fold: int | None) -> None:
    """The checkpoint of a run at its end; the weights are the released ones, bit for bit."""
    weights = load_file(release.weights if fold is None else release.fold_weights(fold))
    state = new_state(fresh_network(config), config.optimiser)
    for net in (state.net, state.average):
        net.load_state_dict(weights)
    state.epoch = config.epochs
    checkpoint.save(folder, state)


def _named(release: Release, fold: int | None) -> str:
    return str(release) if fold is None else f"the model of {release} that left out fold {fold}"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.restore", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="NAME[@V]", help="released model")
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder to make")
    parser.add_argument("--fold", type=int, metavar="K", help="the fold model that left out this fold")
    parser.add_argument("--store", default="", metavar="PATH", help="more model stores, beside the built-in one")
    parser.add_argument("--data", required=True, metavar="DIR", help="folder of the data set that it was trained with")
    parser.add_argument("--others-data", default="", metavar="DIR", help="folder of the others")
    parser.add_argument("--groups", default="", metavar="FILE:COLUMN", help="table that tells each file's source video")
    parser.add_argument("--lists", default="", metavar="DIR", help="folder of the lists")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
