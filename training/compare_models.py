"""Compare two released models on the same videos, none of which was learnt from by the weights that score it.

    videoxception compare my-actions@1 my-actions@2                           by the predictions that both keep
    videoxception compare videoxception-c mine --layout folders --data DIR    on videos that neither has learnt from

Without --data, items that both were measured on are compared, each by fold models or weights that had not seen its
source video. That is what the same folder of videos, trained on twice, gives.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from training.config.cli import add_data_options, data_config_from_options
from training.config.console import show_log
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.evaluation.paired_tests import Pair
from training.evaluation.released_pairs import scored_pair, stored_pair
from training.reporting.model_comparison import as_json, model_comparison
from videoxception import engine as engines
from videoxception.engine import EngineError
from videoxception.store import ModelStore, Release, StoreError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.compare_models`."""
    options = _parse(arguments)
    show_log()
    try:
        show = as_json if options.json else model_comparison
        print(show(_compare(options)))
    except (TrainingError, StoreError, EngineError) as error:
        sys.exit(f"error: {error}")


def _compare(options: argparse.Namespace) -> Pair:
    store = ModelStore.from_path(options.store)
    first, second = (store.load(reference) for reference in options.models)
    if (first.manifest.name, first.manifest.version) == (second.manifest.name, second.manifest.version):
        raise TrainingError(f"both are {first}; name two models, or two versions of one (NAME@1 NAME@2)")
    _say_other_classes(first, second)
    if not options.data:
        return stored_pair(first, second)
    dataset = open_dataset(data_config_from_options(options, classes=_shared_classes(first, second)))
    create = partial(engines.create, device=options.device, precision="f32")
    pair, notes = scored_pair((first, second), dataset, create, options.skip_bad, options.part)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    return pair


def _shared_classes(first: Release, second: Release) -> tuple[str, ...]:
    """Return the classes that both know, in the first one's order. Raises `TrainingError` if there are too few."""
    shared = tuple(name for name in first.manifest.classes if name in second.manifest.classes)
    if len(shared) < 2:
        raise TrainingError(f"{first} and {second} have {len(shared)} classes in common; comparing needs two at least")
    return shared


def _say_other_classes(first: Release, second: Release) -> None:
    shared = _shared_classes(first, second)
    for release in (first, second):
        if own := len(release.manifest.classes) - len(shared):
            print(f"note: {release} has {own} classes more, among which it has to choose as well", file=sys.stderr)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="videoxception compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs=2, metavar="NAME[@V]", help="released models")
    parser.add_argument("--store", default="", metavar="PATH", help="model stores to look in, beside the built-in one")
    add_data_options(parser, leave_out=("classes", "holdout", "unseen", "auxiliary", "auxiliary_data"))
    parser.add_argument("--part", choices=["train", "val", "test"], help="part to score (default: the protocol's)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    parser.add_argument("--json", action="store_true", help="print the figures and their differences as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
