"""Pairs as a service would have logged them, with what is wrong planted."""

from pathlib import Path

import numpy as np

from videoxception.canary.pairs import Pair, Said

OLD, NEW = "toy@1", "toy@2"


def side(
    model: str, label: str, confidence: float, known: bool = True, ms: float = 10.0, weights: str = "0" * 12
) -> Said:
    return Said(model=model, sha256=weights, label=label, confidence=confidence, known=known, ms=ms)


def planted(
    count: int,
    disagree: float = 0.0,
    lost: float = 0.0,
    slower: float = 1.0,
    new: str = NEW,
    weights: str = "0" * 12,
) -> list[Pair]:
    """Pairs of which shares disagree in the label, and are known to the old model alone; times are `slower` as long.

    `weights` are the first digits of the new model's.
    """
    rng = np.random.default_rng(0)
    made = []
    for confidence, differs, loses, first, second in zip(
        rng.uniform(0.5, 1, count),
        rng.random(count) < disagree,
        rng.random(count) < lost,
        rng.gamma(50, 0.2, count),
        rng.gamma(50, 0.2, count) * slower,
        strict=True,
    ):
        one = side(OLD, "Punch", confidence, True, first)
        other = side(new, "Bowling" if differs else "Punch", confidence, not loses, second, weights)
        made.append(Pair(default=one, canary=other))
    return made


def write(path: Path, pairs: list[Pair]) -> Path:
    path.write_text("".join(pair.model_dump_json() + "\n" for pair in pairs))
    return path
