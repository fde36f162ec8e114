"""Two ways of training side by side, as text."""

from collections.abc import Sequence

from training.evaluation.paired_tests import FIGURES, Pair, difference

_WIDTHS = (19, 7, 7, 25, 11, 9, 6)
_EXPLAINED = """\
In brackets: 95 % intervals by resampling source videos, for these very networks. Other seeds would make others: that
luck is in "p by runs" alone, where each pair counts as one, and in the spread, the pairs' standard deviation."""


def comparison(pairs: Sequence[Pair]) -> str:
    """Return each pair's top-1, and the differences over all of them."""
    width = max(len(each.name) for pair in pairs for each in pair)
    lines = [f"{'top-1 of the first':<{width + 9}} {'of the second':<{width + 9}} points"]
    for one, other in pairs:
        shown = [f"{each.name:<{width}} {each.mean('top1'):7.1%} " for each in (one, other)]
        lines.append(f"{shown[0]} {shown[1]} {100 * (other.mean('top1') - one.mean('top1')):+.1f}")
    heads = ["", "first", "second", "second minus first", "p by videos", "p by runs", "spread"]
    lines += ["", _extent(pairs), "", _row(heads)]
    return "\n".join([*lines, *(_line(pairs, figure) for figure in FIGURES), "", _EXPLAINED])


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
