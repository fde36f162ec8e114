"""How well source videos are found by looks alone, judged by what they are for: an accuracy that can be believed.

    python -m benchmarks.grouping --layout folders --data tennis_strokes --groups GROUPS.tsv:scene [--keep DIR]

The names of files are not read. Held against a table's true groups: the share of clips with a sibling in another fold,
and the accuracy of linear heads on frozen features of type D, in five folds by the true groups, by the found ones, and
of single clips.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.frozen_heads import frozen_features, out_of_fold
from training.bank.descriptors import FrameStatistics, clip_similarities
from training.config.cli import add_data_options, data_config_from_options
from training.data.balanced_folds import balanced_folds
from training.data.dataset import DataSet
from training.data.loading import open_dataset
from training.data.near_duplicates import THRESHOLD, Floats, join
from training.find_groups import read_clips


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser, leave_out=("holdout", "unseen", "auxiliary", "auxiliary_data"), required=("data",))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder that keeps what was computed")
    options = parser.parse_args()
    data = open_dataset(data_config_from_options(options)).part(None)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    features = frozen_features(data.items, options.keep and options.keep / "features.npy")
    similarity = _similarity(data, options.keep and options.keep / "similarity.npy")
    print("| groups | number | largest | siblings apart | top-1 |")
    print("| --- | --- | --- | --- | --- |")
    labels = [item.label for item in data.items]
    found = {f"found from {at}": _numbers(join(similarity, labels, threshold=at).sets) for at in _thresholds()}
    ways = {"true": data.groups, **found, "single clips": [str(row) for row in range(len(data))]}
    for name, groups in ways.items():
        print(_row(name, groups, data, features), flush=True)


def _thresholds() -> list[float]:
    return [round(THRESHOLD + step, 2) for step in (-0.05, 0, 0.05)]


def _numbers(sets: Sequence[int]) -> list[str]:
    return [str(place) for place in sets]


def _similarity(data: DataSet, kept: Path | None) -> Floats:
    if kept is not None and kept.exists():
        return np.asarray(np.load(kept), np.float32)
    statistics = FrameStatistics()
    found = clip_similarities(read_clips(data.items, statistics.spec, []), statistics)
    if kept is not None:
        np.save(kept, found)
    return found


def _row(name: str, groups: Sequence[str], data: DataSet, features: Floats) -> str:
    labels = [item.label for item in data.items]
    folds = balanced_folds(groups, labels)
    right = out_of_fold(features, data.targets, folds).argmax(1) == np.asarray(data.targets)
    sizes = np.unique(np.asarray(groups), return_counts=True)[1]
    apart = siblings_apart(data.groups, folds)
    return f"| {name} | {len(sizes)} | {sizes.max()} | {apart:.1%} | {right.mean():.1%} |"


def siblings_apart(groups: Sequence[str], folds: Sequence[int]) -> float:
    """Return the share of items with another one of their true group in another fold."""
    folds_of: dict[str, set[int]] = {}
    for group, fold in zip(groups, folds, strict=True):
        folds_of.setdefault(group, set()).add(fold)
    return float(np.mean([len(folds_of[group]) > 1 for group in groups]))


if __name__ == "__main__":
    main()
