"""Choices between ways to train, by inner folds: each is scored on source videos that it has not learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import Floats, Ints, SourceVideos
from training.own.folds import EVERYTHING, LeftOut

FrameLogits = npt.NDArray[np.float32]
"""(N, F, K): of each frame of N clips; a clip's logits are their mean."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The true classes of N items (N,) and their folds (N,). Numbers from `classes` on are of auxiliary classes."""

    truth: Ints
    fold: Ints
    classes: int

    @property
    def folds(self) -> list[int]:
        """The folds that there are, sorted."""
        return [int(k) for k in np.unique(self.fold)]

    @property
    def own(self) -> npt.NDArray[np.bool_]:
        """Which items are of the classes, (N,)."""
        return self.truth < self.classes


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to train, and what its heads say of all items, by the folds that a head left out."""

    name: str
    logits: Mapping[LeftOut, FrameLogits]

    def right(self, answers: Answers, outer: int | None = None) -> Floats:
        """Return whether each item is named right (N,), by the head without its fold and without the outer one.

        Items of the outer fold, of which nothing may be chosen, and of auxiliary classes are NaN.
        """
        found = np.full(len(answers.truth), np.nan)
        for k in answers.folds:
            if k != outer:
                rows = (answers.fold == k) & answers.own
                left_out = frozenset([k] if outer is None else [k, outer])
                named = self.logits[left_out][rows, :, : answers.classes].mean(1).argmax(1)
                found[rows] = named == answers.truth[rows]
        return found


def chosen_for(candidates: Sequence[Candidate], answers: Answers, outer: int | None) -> Candidate:
    """Return the candidate that names most right in the inner folds of an outer one, or of all; the first of equals."""
    return max(candidates, key=lambda each: round(float(np.nanmean(each.right(answers, outer))), 9))


def table_of(candidates: Sequence[Candidate], answers: Answers) -> list[str]:
    """Return lines: each candidate's top-1 in the inner folds of each outer fold, which is left out, and of all."""
    folds = [*answers.folds, None] if frozenset(answers.folds[:2]) in candidates[0].logits else [None]
    heads = ["all folds" if k is None else f"without {k}" for k in folds]
    lines = [f"{'top-1, inner folds':<20}" + "".join(f"{head:>12}" for head in heads)]
    for each in candidates:
        shares = (f"{np.nanmean(each.right(answers, k)):12.1%}" for k in folds)
        lines.append(f"{each.name:<20}" + "".join(shares))
    return lines


def out_of_fold(candidates: Sequence[Candidate], answers: Answers) -> FrameLogits:
    """Return logits (N, F, K): each item's by the candidate chosen without its fold, whose head has not learnt it."""
    found = np.empty_like(candidates[0].logits[EVERYTHING])
    for k in answers.folds:
        rows = answers.fold == k
        found[rows] = chosen_for(candidates, answers, k).logits[frozenset([k])][rows]
    return found


def is_surely_better(one: Floats, other: Floats, groups: Sequence[str]) -> bool:
    """Return whether one is right more often than the other (N,), by more than a standard error over source videos."""
    gain = one - other
    sums = SourceVideos(groups).sums(gain - gain.mean())
    return bool(gain.mean() > np.sqrt((sums**2).sum()) / len(gain))
