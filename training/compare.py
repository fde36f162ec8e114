"""Compares two ways of training on what their runs held out, paired by fold and seed.

    python -m training.compare runs/plain-* --with runs/mixed-*
    python -m training.compare runs/plain-* --with-init-share 0.5      the same runs, half of the way back to --init

One run says little: it depends on its seed, and on which few source videos were held out. So both ways are trained on
the same folds from the same seeds, and every item is judged by the runs that did not learn from its source video.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from training.cache.datamodule import open_data_module
from training.cache.loader import Clips
from training.cache.pack_reader import is_pack
from training.config.cli import add_cache_option
from training.config.console import show_log
from training.config.schema import Config, DataConfig
from training.data.dataset import DataSet
from training.errors import TrainingError
from training.evaluation.bootstrap import Floats, SourceVideos
from training.evaluation.calibration import ViewLogits, cross_fit
from training.evaluation.leakage import check_no_leakage, check_start_leakage
from training.evaluation.metrics import item_figures
from training.evaluation.paired_tests import FIGURES, Pair, RunMetrics, difference
from training.model import checkpoint
from training.model.final_weights import final_network
from training.progress import track
from training.trainer.runtime import keep_heap
from videoxception.clip import ClipSpec
from videoxception.nets.planar import forward_fast

_BATCH = 16
_WIDTHS = (19, 7, 7, 25, 11, 9, 6)
Key = tuple[int, int]
"""Fold (-1 if the run was not told one) and seed."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A finished run's network, and the clips that it held out."""

    run: Path
    net: torch.nn.Module
    held: DataSet
    clips: Clips

    def names(self) -> list[tuple[str, str, str]]:
        """What tells the items, wherever they lie."""
        return [(item.label, item.path.stem, item.group) for item in self.held.items]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.compare`."""
    show_log()
    options = _parse(arguments)
    keep_heap()
    try:
        print(report(compare(options.runs, options.auxiliary, options.with_init_share, options.cache)))
    except TrainingError as error:
        sys.exit(f"error: {error}")


def compare(
    first: Sequence[Path], second: Sequence[Path], init_share: float | None = None, cache: Path | None = None
) -> list[Pair]:
    """Pairs the runs of both ways, and has them judge. With `init_share`, `second` defaults to the same runs, released
    with that share of their first weights. Raises `TrainingError`, before anything is judged.
    """
    ways = _by_key(first), _by_key(second or (first if init_share is not None else ()))
    if alone := ways[0].keys() ^ ways[1].keys():
        run = (ways[0] | ways[1])[min(alone)]
        raise TrainingError(f"{run} has no partner; each run needs one with its --fold and --seed on the other side")
    pairs = [_judges(ways[0][key], ways[1][key], init_share, cache) for key in sorted(ways[0])]
    for one, other in pairs:
        if one.names() != other.names():
            raise TrainingError(f"{one.run} and {other.run} held out different items; train them on the same data")
    return [(ask(one), ask(other)) for one, other in pairs]


def _by_key(runs: Sequence[Path]) -> dict[Key, Path]:
    """Runs by fold and seed."""
    found: dict[Key, Path] = {}
    for run in runs:
        config = checkpoint.read_config(run)
        key = -1 if config.data.fold is None else config.data.fold, config.seed
        if key in found:
            raise TrainingError(f"{run} and {found[key]} have the same fold and seed; name one of them")
        found[key] = run
    return found


def _judges(one: Path, other: Path, init_share: float | None, cache: Path | None) -> tuple[Judge, Judge]:
    first = open_judge(one, cache)
    second = first if other == one else open_judge(other, cache)
    return first, second if init_share is None else _with_init_share(second, init_share)


def open_judge(run: Path, cache: Path | None) -> Judge:
    """A finished run. Raises `TrainingError` if it has learnt from what it held out, or nothing was."""
    config = checkpoint.read_config(run)
    library, split, _ = open_data_module(_for_cache(config, cache), ClipSpec(), cache).load()
    if not len(split.validation):
        raise TrainingError(f"{run} held nothing out, so there is nothing to compare it on")
    if split.leaky:
        raise TrainingError(f"{run} has learnt from the source videos that it held out ({split.protocol})")
    check_no_leakage(run, split.validation.items)
    check_start_leakage(run, split.validation.items, ())
    return Judge(run, final_network(run, config), split.validation, Clips(split.validation, library))


def _with_init_share(judge: Judge, share: float) -> Judge:
    config = checkpoint.read_config(judge.run)
    if not config.init:
        raise TrainingError(f"{judge.run} began with no other weights (--init), so --with-init-share is not for it")
    return replace(judge, net=final_network(judge.run, replace(config, init_share=share)))


def _for_cache(config: Config, cache: Path | None) -> Config:
    """The config as it was given: a pack brings the data set, all but the fold."""
    packed = cache is not None and is_pack(cache)
    return replace(config, data=DataConfig(fold=config.data.fold)) if packed else config


@torch.inference_mode()
def ask(judge: Judge) -> RunMetrics:
    """What a run says of the items of its classes that it held out, in f32."""
    said = []
    for start in track(range(0, len(judge.clips), _BATCH), str(judge.run)):
        shown = torch.from_numpy(judge.clips[start : start + _BATCH]).permute(0, 4, 1, 2, 3).float() / 255
        said.append(forward_fast(judge.net, shown)[:, None, : len(judge.held.classes)].numpy())
    return RunMetrics(str(judge.run), judge.held.items, _figures(np.concatenate(said), judge.held))


def _figures(logits: ViewLogits, held: DataSet) -> dict[str, Floats]:
    """Each item's figures, with the temperature that items of other source videos ask for."""
    fitted = cross_fit(logits, held.targets, SourceVideos(held.groups))
    if fitted is None:
        raise TrainingError("a single source video was held out; hold out more to fit a temperature on")
    figures = item_figures(fitted.probabilities, np.asarray(held.targets))
    return {name: figures[name] for name in FIGURES}


def report(pairs: Sequence[Pair]) -> str:
    """Both ways side by side: each pair's top-1, and the differences over all of them."""
    width = max(len(each.name) for pair in pairs for each in pair)
    lines = [f"{'top-1 of the first':<{width + 9}} {'of the second':<{width + 9}} points"]
    for one, other in pairs:
        shown = [f"{each.name:<{width}} {each.mean('top1'):7.1%} " for each in (one, other)]
        lines.append(f"{shown[0]} {shown[1]} {100 * (other.mean('top1') - one.mean('top1')):+.1f}")
    heads = ["", "first", "second", "second minus first", "p by videos", "p by runs", "spread"]
    lines += ["", _extent(pairs), "", _row(heads)]
    return "\n".join([*lines, *(_line(pairs, figure) for figure in FIGURES), "", _EXPLAINED])


_EXPLAINED = """\
In brackets: 95 % intervals by resampling source videos, for these very networks. Other seeds would make others: that
luck is in "p by runs" alone, where each pair counts as one, and in the spread, the pairs' standard deviation."""


def _extent(pairs: Sequence[Pair]) -> str:
    items = {(item.path, item.group) for one, _ in pairs for item in one.items}
    return f"{len(items)} items of {len({group for _, group in items})} source videos, pairs of runs: {len(pairs)}"


def _line(pairs: Sequence[Pair], figure: str) -> str:
    found = difference(pairs, figure)
    label, by, digits = ("top-1, %", 100, 1) if figure == "top1" else (f"{figure} (less: better)", 1, 3)
    low, high = (by * end for end in found.interval)
    change = f"{by * found.mean:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
    means = (f"{by * mean:.{digits}f}" for mean in (found.first, found.second))
    several = "" if found.p_pairs is None else f"{found.p_pairs:.4f}"
    spread = "" if found.spread is None else f"{by * found.spread:.{digits}f}"
    return _row([label, *means, change, f"{found.p_videos:.4f}", several, spread])


def _row(cells: Sequence[str]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of finished runs, of the first way")
    parser.add_argument(
        "--with", dest="auxiliary", type=Path, nargs="+", default=[], metavar="RUN", help="those of the second way"
    )
    parser.add_argument(
        "--with-init-share", type=float, metavar="SHARE", help="the second way has this share of its first weights"
    )
    add_cache_option(parser)
    options = parser.parse_args(arguments)
    if not options.auxiliary and options.with_init_share is None:
        parser.error("name the runs of the second way by --with, or what is to change by --with-init-share")
    return options


if __name__ == "__main__":
    main()
