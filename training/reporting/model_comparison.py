"""Two released models on the same items, as text or JSON."""

import json
from dataclasses import asdict

import numpy as np

from training.evaluation.paired_tests import FIGURES, Difference, Pair, difference

_WIDTHS = (22, 8, 8, 28, 6)
_EXPLAINED = """\
In brackets: 95 % intervals by resampling source videos; p: how likely chance alone makes as much of a difference. Both
are of these very weights: the same recipe with another seed would give others."""


def model_comparison(pair: Pair) -> str:
    """Return the figures of both models, their paired differences, and who is right where."""
    one, other = pair
    videos = len({item.group for item in one.items})
    found = {figure: difference([pair], figure) for figure in FIGURES}
    lines = [
        f"first: {one.name}, second: {other.name}",
        f"{len(one.items)} items of {videos} source videos, each new to the weights that score it",
        "",
        _row(["", "first", "second", "second minus first", "p"]),
        *(_line(figure, each) for figure, each in found.items()),
        "",
        _agreement(pair),
        _verdict(pair, found["top1"]),
        "",
        _EXPLAINED,
    ]
    return "\n".join(lines)


def as_json(pair: Pair) -> str:
    """Return the same figures and differences as JSON."""
    one, other = pair
    return json.dumps(
        {
            "first": one.name,
            "second": other.name,
            "items": len(one.items),
            "videos": len({item.group for item in one.items}),
            "figures": {figure: asdict(difference([pair], figure)) for figure in FIGURES},
        },
        indent=2,
    )


def _line(figure: str, found: Difference) -> str:
    label, by, digits = ("top-1, %", 100, 1) if figure == "top1" else (f"{figure} (less: better)", 1, 3)
    low, high = (by * end for end in found.interval)
    change = f"{by * found.mean:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
    return _row([label, *(f"{by * mean:.{digits}f}" for mean in (found.first, found.second)), change, _p(found)])


def _p(found: Difference) -> str:
    return f"{found.p_videos:.4f}"


def _agreement(pair: Pair) -> str:
    """Say how many items both, one or none of the models get right."""
    first, second = (each.figures["top1"] > 0 for each in pair)
    counts = (first & second, first & ~second, ~first & second, ~first & ~second)
    both, one, other, none = (int(np.count_nonzero(each)) for each in counts)
    return f"right: both {both}, the first alone {one}, the second alone {other}, neither {none}"


def _verdict(pair: Pair, found: Difference) -> str:
    low, high = found.interval
    if low <= 0 <= high:
        return "so neither is shown to be right more often"
    return f"so {pair[found.mean > 0].name} is right more often"


def _row(cells: list[str]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
