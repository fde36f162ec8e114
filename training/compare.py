"""Compares two ways of training on what their runs held out, paired by fold and seed.

    python -m training.compare runs/plain-* --with runs/mixed-*
    python -m training.compare runs/plain-* --with-init-share 0.5      the same runs, half of the way back to --init

One run says little: it depends on its seed, and on which few source videos were held out. So both ways are trained on
the same folds from the same seeds; every item is judged by the runs that did not learn from its source video, and what
counts is the mean difference over items, with an interval from resampling whole source videos.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from training import checkpoint
from training.calibrate import ViewLogits, fit_crosswise
from training.config import Config
from training.data import DataSet, Item
from training.errors import TrainingError
from training.finished import final_weights
from training.footage import Clips
from training.heap import keep_heap
from training.library import find_material
from training.metrics import item_figures
from training.progress import track
from training.resample import Floats, SourceVideos, flipped_sums, interval, p_value, rounded
from training.sources import check_start, check_unseen
from training.start import fresh_network
from videoxception.clip import ClipSpec
from videoxception.nets.planar import forward_fast

FIGURES = ("top1", "nll", "brier")
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run says of the items that it held out: figures (N,) of each, by name."""

    name: str
    items: tuple[Item, ...]
    figures: dict[str, Floats]

    def mean(self, figure: str) -> float:
        """A figure over all of the items."""
        return float(self.figures[figure].mean())


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more of a figure the second way has, over all items, and how likely chance alone does as much."""

    first: float
    second: float
    gain: float
    interval: tuple[float, float]
    p_value: float


Pair = tuple[Judged, Judged]
Key = tuple[int | None, int]
"""Fold and seed."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `python -m training.compare`."""
    options = _parse(arguments)
    keep_heap()
    try:
        print(report(compare(options.runs, options.others, options.with_init_share, options.cache)))
    except TrainingError as error:
        sys.exit(f"error: {error}")


def compare(
    first: Sequence[Path], second: Sequence[Path], init_share: float | None = None, cache: Path | None = None
) -> list[Pair]:
    """Judges the runs of both ways, and pairs them. With `init_share`, `second` defaults to the same runs, released
    with that share of their first weights. Raises `TrainingError` for runs that have no partner.
    """
    configs = _by_key(first), _by_key(second or (first if init_share is not None else ()))
    if alone := configs[0].keys() ^ configs[1].keys():
        fold, seed = min(alone, key=str)
        raise TrainingError(
            f"a run that holds out fold {fold} with seed {seed} is on one side alone; each run needs a partner with the"
            " same --fold and --seed on the other side"
        )
    ways = [_judge_all(configs[0], None, cache), _judge_all(configs[1], init_share, cache)]
    pairs = [(ways[0][key], ways[1][key]) for key in sorted(ways[0], key=str)]
    for one, other in pairs:
        if [(i.label, i.group) for i in one.items] != [(i.label, i.group) for i in other.items]:
            raise TrainingError(f"{one.name} and {other.name} held out different items; train them on the same data")
    return pairs


def _by_key(runs: Sequence[Path]) -> dict[Key, tuple[Path, Config]]:
    """Runs by fold and seed."""
    found: dict[Key, tuple[Path, Config]] = {}
    for run in runs:
        config = checkpoint.read_config(run)
        key = config.data.fold, config.seed
        if key in found:
            raise TrainingError(f"{run} and {found[key][0]} have the same fold and seed; name one of them")
        found[key] = run, config
    return found


def _judge_all(runs: dict[Key, tuple[Path, Config]], init_share: float | None, cache: Path | None) -> dict[Key, Judged]:
    """What each run says, with a share of its first weights if one is given."""
    return {
        key: judge(run, config if init_share is None else replace(config, init_share=init_share), cache)
        for key, (run, config) in runs.items()
    }


def judge(run: Path, config: Config, cache: Path | None = None) -> Judged:
    """What a finished run says of the items of its classes that it held out. Raises `TrainingError`."""
    library, split, _ = find_material(config, ClipSpec(), cache).load()
    held = split.validation
    if not len(held):
        raise TrainingError(f"{run} held nothing out, so there is nothing to compare it on")
    check_unseen(run, held.items)
    check_start(config, held.items, ())
    net = fresh_network(config).eval()
    net.load_state_dict(final_weights(run, config))
    outputs = _ask(net, Clips(held, library), len(config.data.classes), str(run))
    return Judged(str(run), held.items, _figures(outputs, held))


@torch.inference_mode()
def _ask(net: torch.nn.Module, clips: Clips, classes: int, name: str) -> ViewLogits:
    """Logits of the classes (N, 1, K), in f32."""
    said = []
    for start in track(range(0, len(clips), _BATCH), name):
        shown = torch.from_numpy(clips[start : start + _BATCH]).permute(0, 4, 1, 2, 3).float() / 255
        said.append(forward_fast(net, shown)[:, None, :classes].numpy())
    return np.concatenate(said)


def _figures(logits: ViewLogits, held: DataSet) -> dict[str, Floats]:
    """Each item's figures, with the temperature that items of other source videos ask for."""
    truth, videos = np.asarray(held.targets), SourceVideos(held.groups)
    fitted = fit_crosswise(logits, held.targets, videos)
    if fitted is None:
        raise TrainingError("a single source video was held out; hold out more to fit a temperature on")
    figures = item_figures(fitted.probabilities, truth)
    return {name: figures[name] for name in FIGURES}


def difference(pairs: Sequence[Pair], figure: str) -> Difference:
    """Of all pairs: items that several seeds held out count once, with the mean of what was said of them."""
    items = [item for one, _ in pairs for item in one.items]
    values = [np.concatenate([way[k].figures[figure] for way in pairs]) for k in (0, 1)]
    names = SourceVideos([str(item.path) for item in items])  # an item is its own source of seeds
    counts = names.sums(np.ones(len(items)))
    first, second = (names.sums(each) / counts for each in values)
    group = dict(zip(names.of_item.tolist(), (item.group for item in items), strict=True))
    videos, gain = SourceVideos([group[row] for row in range(names.count)]), second - first
    return Difference(
        first=rounded(first.mean()),
        second=rounded(second.mean()),
        gain=rounded(gain.mean()),
        interval=interval(videos.means(gain)),
        p_value=p_value(np.abs(flipped_sums(videos.sums(gain)[:, None]))[:, 0]),
    )


def report(pairs: Sequence[Pair]) -> str:
    """Both ways side by side: each pair's top-1, and the differences over all of them."""
    width = max(len(each.name) for pair in pairs for each in pair)
    lines = [f"{'top-1 of the first':<{width + 9}} {'of the second':<{width + 9}} gain"]
    for one, other in pairs:
        shown = [f"{each.name:<{width}} {each.mean('top1'):7.1%} " for each in (one, other)]
        lines.append(f"{shown[0]} {shown[1]} {100 * (other.mean('top1') - one.mean('top1')):+.1f}")
    lines += ["", f"over all: means, gain of the second, 95 % interval by source videos, p; {_extent(pairs)}"]
    for figure in FIGURES:
        found, points = difference(pairs, figure), 100 if figure == "top1" else 1
        low, high = (points * end for end in found.interval)
        lines.append(
            f"{figure:<6} {points * found.first:7.3f} {points * found.second:7.3f}   {points * found.gain:+.3f}"
            f" ({low:+.3f} to {high:+.3f})   p {found.p_value:.3f}"
        )
    return "\n".join(lines)


def _extent(pairs: Sequence[Pair]) -> str:
    items = {(item.path, item.group) for one, _ in pairs for item in one.items}
    return f"{len(items)} items of {len({group for _, group in items})} source videos, pairs of runs: {len(pairs)}"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of finished runs, of the first way")
    parser.add_argument(
        "--with", dest="others", type=Path, nargs="+", default=[], metavar="RUN", help="those of the second way"
    )
    parser.add_argument(
        "--with-init-share", type=float, metavar="SHARE", help="the second way has this share of its first weights"
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="cache of decoded files, as in training.run")
    options = parser.parse_args(arguments)
    if not options.others and options.with_init_share is None:
        parser.error("name the runs of the second way by --with, or what is to change by --with-init-share")
    return options


if __name__ == "__main__":
    main()
