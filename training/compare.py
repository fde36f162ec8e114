"""Compare two ways of training on what their runs held out, paired by fold and seed.

    python -m training.compare runs/plain-* --with runs/mixed-*
    python -m training.compare runs/plain-* --with-init-share 0.5      the same runs, half of the way back to --init

One run says little: it depends on its seed, and on which few source videos were held out. So both ways are trained on
the same folds from the same seeds, and every item is scored by the runs that did not learn from its source video.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training.config.cli import add_cache_option
from training.config.console import show_log
from training.errors import TrainingError
from training.evaluation.finished_runs import FinishedRun, measure, open_finished_run
from training.evaluation.paired_tests import Pair
from training.model import checkpoint
from training.reporting.comparison import comparison
from training.trainer.runtime import keep_heap

FoldAndSeed = tuple[int, int]
"""The fold is -1 if a run was given none."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.compare`."""
    options = _parse(arguments)
    show_log()
    keep_heap()
    try:
        print(comparison(compare(options.runs, options.second, options.with_init_share, options.cache)))
    except TrainingError as error:
        sys.exit(f"error: {error}")


def compare(
    first: Sequence[Path], second: Sequence[Path], init_share: float | None = None, cache: Path | None = None
) -> list[Pair]:
    """Pair the runs of both ways, and measure each on what it held out.

    Args:
        second: with `init_share`, by default the same runs as `first`.
        init_share: the share of their first weights that the second runs are measured with.
        cache: folder of a cache or pack; by default, each run's own cache.

    Raises:
        TrainingError: runs cannot be compared. Nothing is measured before all was checked.
    """
    ways = _by_key(first), _by_key(second or (first if init_share is not None else ()))
    if alone := ways[0].keys() ^ ways[1].keys():
        run = (ways[0] | ways[1])[min(alone)]
        raise TrainingError(f"{run} has no partner; each run needs one with its --fold and --seed on the other side")
    pairs = [_open_pair(ways[0][key], ways[1][key], init_share, cache) for key in sorted(ways[0])]
    for one, other in pairs:
        if one.item_names() != other.item_names():
            raise TrainingError(
                f"{one.folder} and {other.folder} held out different items; train them on the same data"
            )
    return [(measure(one), measure(other)) for one, other in pairs]


def _by_key(runs: Sequence[Path]) -> dict[FoldAndSeed, Path]:
    found: dict[FoldAndSeed, Path] = {}
    for run in runs:
        config = checkpoint.read_config(run)
        key = -1 if config.data.fold is None else config.data.fold, config.seed
        if key in found:
            raise TrainingError(f"{run} and {found[key]} have the same fold and seed; name one of them")
        found[key] = run
    return found


def _open_pair(one: Path, other: Path, init_share: float | None, cache: Path | None) -> tuple[FinishedRun, FinishedRun]:
    first = open_finished_run(one, cache)
    second = first if other == one else open_finished_run(other, cache)
    return first, second if init_share is None else second.with_init_share(init_share)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of finished runs, of the first way")
    parser.add_argument(
        "--with", dest="second", type=Path, nargs="+", default=[], metavar="RUN", help="those of the second way"
    )
    parser.add_argument(
        "--with-init-share", type=float, metavar="SHARE", help="the second way has this share of its first weights"
    )
    add_cache_option(parser)
    options = parser.parse_args(arguments)
    if not options.second and options.with_init_share is None:
        parser.error("name the runs of the second way by --with, or what is to change by --with-init-share")
    return options


if __name__ == "__main__":
    main()
