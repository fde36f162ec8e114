"""Scores a released model on a data set, through the very engine and decoder that the service uses.

python -m training.evaluate --model videoxception-a --data DIR --layout stills --groups FOLDS.tsv:video --fold 4
python -m training.evaluate --model videoxception-a --data UCF-101 --layout ucf101 --lists ucfTrainTestlist --json
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from training.config import LAYOUTS, DataConfig
from training.data import DataSet, load_scored
from training.data.stills import is_still
from training.errors import TrainingError
from training.metrics import measure
from training.reading import item_clip, read_all
from training.report import table
from videoxception import engine as engines
from videoxception.answer import Probabilities, probabilities
from videoxception.clip import ClipSpec, Frames
from videoxception.engine import Engine, EngineError
from videoxception.engine.base import Logits
from videoxception.manifest import Metrics
from videoxception.store import ModelStore, Release, StoreError


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `python -m training.evaluate`."""
    options = _parse(arguments)
    try:
        release = ModelStore.from_path(options.store).load(options.model)
        engine = engines.create(release, options.device, options.precision)
        data, protocol, notes = _data(options, release)
        metrics, skipped = evaluate(release, engine, data, protocol, options.skip_bad)
    except (TrainingError, StoreError, EngineError) as error:
        sys.exit(f"error: {error}")
    for line in (*(f"note: {note}" for note in notes), *(f"skipped {line}" for line in skipped)):
        print(line, file=sys.stderr)
    print(metrics.model_dump_json(indent=2) if options.json else table(str(release), metrics))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", default="", metavar="NAME[@V]", help="released model (default: as the service picks)"
    )
    parser.add_argument("--store", default="", metavar="PATH", help="more model stores, beside the built-in one")
    parser.add_argument("--data", required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--layout", required=True, choices=LAYOUTS, help="how the data set lies on disk")
    parser.add_argument("--protocol", default="", metavar="NAME", help="as in training (default: the layout's own)")
    parser.add_argument("--groups", default="", metavar="FILE:COLUMN", help="table that tells each file's source video")
    parser.add_argument("--group-pattern", default="", metavar="REGEX", help="pattern that tells it from the path")
    parser.add_argument("--fold", type=int, help="score just this fold of the --groups table")
    parser.add_argument(
        "--lists", default="", metavar="DIR", help="folder of UCF-101's lists or of Kinetics' annotations"
    )
    parser.add_argument("--split", type=int, default=1, choices=[1, 2, 3], help="UCF-101's split (default: 1)")
    parser.add_argument(
        "--part", choices=["train", "val", "test"], help="part to score (default: the one that the protocol reports)"
    )
    parser.add_argument(
        "--skip-bad", action="store_true", help="go on without files that cannot be read, and list them"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    parser.add_argument("--precision", default="f32", choices=["auto", "f32", "bf16"], help="(default: f32)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(arguments)


def _data(options: argparse.Namespace, release: Release) -> tuple[DataSet, str, tuple[str, ...]]:
    """The items to score, in words which ones they are, and notes on them."""
    names = ("data", "layout", "protocol", "groups", "group_pattern", "fold", "lists", "split")
    config = DataConfig(classes=tuple(release.manifest.classes), **{name: getattr(options, name) for name in names})
    return load_scored(config, options.part)


def evaluate(
    release: Release, engine: Engine, data: DataSet, protocol: str, skip_bad: bool
) -> tuple[Metrics, list[str]]:
    """The model's figures on a data set, and a line for each file that was skipped. Raises `TrainingError`."""
    logits, kept, skipped = score(engine, release.manifest.clip, data, skip_bad)
    rows = probabilities(logits, release.manifest.calibration.temperature)
    return figures(rows, kept, protocol), skipped


def figures(rows: Probabilities, data: DataSet, protocol: str) -> Metrics:
    """The figures of probabilities (N, K) of a data set's items, which the protocol says to be stills or videos."""
    still = is_still(data.items[0].path)
    kind = "mid-frame accuracy (each still as its picture ten times)" if still else "video"
    return measure(rows, data.targets, data.groups, data.classes, f"{kind}, {protocol}")


def score(engine: Engine, spec: ClipSpec, data: DataSet, skip_bad: bool) -> tuple[Logits, DataSet, list[str]]:
    """Logits (N, K) of every item, the items that they are of, and a line for each one skipped."""

    def logits_of(clip: Frames) -> Logits:
        logits: Logits = engine.predict(np.ascontiguousarray(clip)[None])[0]
        return logits

    return read_all(data, lambda path: logits_of(item_clip(path, spec)), skip_bad)


if __name__ == "__main__":
    main()
