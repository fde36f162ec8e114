"""Train a recipe without each fold in turn, and once on everything; release the last with the figures of the others.

python -m training.cross_validate --run runs/c --recipe linear --layout stills --data DIR --groups FOLDS.tsv:video ...

Takes the options of python -m training.run, but for those that say what is held out. Each run has a folder of its own
in --run, named by its fold, and "all". Where {fold} stands in an option, that name is put: --init 'runs/head/{fold}'.
What was stopped goes on with the same command.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from training import run
from training.cache.pack_reader import Pack, is_pack
from training.config.console import show_log
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.export.int8 import HELP as INT8_HELP
from training.publish import announcement, publish
from training.releases import STORE_HELP, check_name
from videoxception.store import StoreError, user_store

ALL = "all"
_FOLDS = "0,1,2,3,4"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.cross_validate`."""
    show_log()
    options, of_run = _parse(arguments)
    try:
        _check(of_run)
        whole = run.parse(_arguments(of_run, options.run, ALL))
        _check_all(whole)
        if options.publish and whole.data:
            check_name(options.store, *_name_and_classes(whole))
        train_folds(options.run, options.folds, lambda name: run.parse(_arguments(of_run, options.run, name)))
        if options.publish:
            release_folds(options.run, options.folds, options.store, options.note, options.int8)
    except (TrainingError, StoreError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nstopped; the same command goes on after the last whole epoch")


def train_folds(folder: Path, folds: Sequence[str], options_of: Callable[[str], argparse.Namespace]) -> None:
    """Train without each fold in turn, and on everything, each in a folder of its name.

    Args:
        options_of: gives the options of training.run for the name of a fold, or for `ALL`.

    Raises:
        TrainingError: the data or the options do not fit.
    """
    for name in (*folds, ALL):
        print(f"\n{folder / name}:", flush=True)
        run.train_and_release(options_of(name))


def release_folds(folder: Path, folds: Sequence[str], store: Path, note: str, int8: bool) -> None:
    """Release what was trained on everything, with the figures of the runs without one fold each."""
    released = publish(folder / ALL, store, note, [folder / name for name in folds], int8)
    print(announcement(released, store))


def _arguments(of_run: Sequence[str], folder: Path, name: str) -> list[str]:
    """Return the arguments of one run: of the fold that is named, or of all."""
    held_out = ["--holdout", "0"] if name == ALL else ["--fold", name]
    own = [each.replace("{fold}", name) for each in of_run]
    return [*own, *held_out, "--run", str(folder / name), "--resume", "--no-publish"]


def _check(of_run: Sequence[str]) -> None:
    """Raise `TrainingError` for options that differ from run to run, and for several processes."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TrainingError("training.cross_validate is for one process; start training.run by torchrun, once a fold")
    for name in ("--fold", "--holdout", "--resume"):
        if name in of_run or any(each.startswith(f"{name}=") for each in of_run):
            raise TrainingError(f"{name} is set for each run by itself; leave it out")


def _check_all(options: argparse.Namespace) -> None:
    """Raise `TrainingError` if the last run would hold something out for all that --holdout 0 says."""
    config = run.config_of(options)
    if config.data.fold is not None:
        raise TrainingError(f'{options.config} holds out fold {config.data.fold}; write "fold": null there')
    if options.cache is not None and is_pack(options.cache):
        pack = Pack(options.cache)
        if len(pack.split(pack.config(config)).held_out):
            raise TrainingError(f"the pack {pack.folder} holds something out; pack again with --holdout 0")


def _name_and_classes(options: argparse.Namespace) -> tuple[str, tuple[str, ...]]:
    config = run.config_of(options)
    return config.model_name, open_dataset(config.data).config.classes


def _parse(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m training.cross_validate",
        usage="%(prog)s --run DIR [options] [options of training.run]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder that holds a folder of each run")
    parser.add_argument("--folds", type=_names, default=_names(_FOLDS), metavar="K,...", help=f"(default: {_FOLDS})")
    parser.add_argument("--store", type=Path, default=user_store(), metavar="DIR", help=STORE_HELP)
    parser.add_argument("--note", default="", metavar="TEXT", help="what the data are, for the model card")
    parser.add_argument(
        "--publish",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="release what was trained on everything (default: yes)",
    )
    parser.add_argument("--int8", action=argparse.BooleanOptionalAction, default=True, help=INT8_HELP)
    return parser.parse_known_args(arguments)


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


if __name__ == "__main__":
    main()
