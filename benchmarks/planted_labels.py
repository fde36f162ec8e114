"""Whether planted mistakes of labels are found: by out-of-fold heads on frozen features of type D.

    python -m benchmarks.planted_labels --layout stills --data DIR --groups FOLDS.tsv:video [--keep DIR]

A share of labels is flipped, to a class by chance or to the one that is most confused with the right one; heads are
fitted to the flipped labels in five folds; counted is how many of the flipped ones stand in the first tenth of the list
of doubts. Real mistakes of the data count against it.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.frozen_heads import Features, frozen_features, out_of_fold
from training.config.cli import add_data_options, data_config_from_options
from training.data.balanced_folds import balanced_folds
from training.data.loading import open_dataset
from training.evaluation.bootstrap import Ints
from training.evaluation.label_doubts import label_doubts
from videoxception.answer import Probabilities

_SHARE, _LOOKED_AT = 0.05, 0.1

Flip = Callable[[int], int]
"""A class's number -> the one to flip it to."""


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser, leave_out=("holdout", "unseen", "auxiliary", "auxiliary_data"), required=("data",))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder that keeps the features")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="times that labels are flipped (default: 3)")
    options = parser.parse_args()
    data = open_dataset(data_config_from_options(options)).part(None)
    features = frozen_features(data.items, options.keep and options.keep / "features.npy")
    folds = balanced_folds(data.groups, [item.label for item in data.items])
    truth = np.asarray(data.targets)
    honest = out_of_fold(features, data.targets, folds)
    confused = most_confused(honest, truth)
    print(f"{len(truth)} items, out-of-fold top-1 {np.mean(honest.argmax(1) == truth):.1%}")
    for seed in range(options.seeds):
        rng = np.random.default_rng(seed)
        by_chance = found_share(features, truth, folds, rng, lambda label, r=rng: _another(label, len(confused), r))
        to_confused = found_share(features, truth, folds, rng, lambda label: int(confused[label]))
        print(
            f"seed {seed}: flipped by chance {by_chance:.1%}, to the most confused class {to_confused:.1%}", flush=True
        )


def found_share(features: Features, truth: Ints, folds: list[int], rng: np.random.Generator, flip: Flip) -> float:
    """Return the share of flipped labels that are among the first of the list."""
    flipped = rng.permutation(len(truth))[: round(_SHARE * len(truth))]
    labels = truth.copy()
    labels[flipped] = [flip(label) for label in truth[flipped].tolist()]
    order = label_doubts(out_of_fold(features, labels.tolist(), folds), labels).order
    return float(np.isin(flipped, order[: round(_LOOKED_AT * len(truth))]).mean())


def most_confused(rows: Probabilities, truth: Ints) -> Ints:
    """Return, for each class, the other one that its items are given most of."""
    mean = np.array([rows[truth == label].mean(0) for label in range(rows.shape[1])])
    np.fill_diagonal(mean, -1)
    return np.asarray(mean.argmax(1))


def _another(label: int, classes: int, rng: np.random.Generator) -> int:
    """Return one of the other classes by chance."""
    return int((label + rng.integers(1, classes)) % classes)


if __name__ == "__main__":
    main()
