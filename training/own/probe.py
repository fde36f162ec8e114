"""Train the heads of all folds for some ways to train, and let the inner folds choose among them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.config.schema import Config
from training.own.choice import Answers, Candidate, chosen_for, is_surely_better, out_of_fold, table_of
from training.own.folds import LeftOut, nested
from training.own.heads import Heads, ViewFeatures, fit_heads
from training.own.material import Material
from training.own.trunk import Trunk

_LOGGER = logging.getLogger(__name__)
_DECAYS = (0.05, 10.0, 50.0)  # weight decays to choose from

FrameFeatures = npt.NDArray[np.float32]
"""(N, F, C): of the frames of exact clips."""


@dataclass(frozen=True, slots=True)
class Probed:
    """The head that learnt everything, and logits (N, F, K) of all items by heads that have not learnt them.

    `chosen` says in words what the inner folds chose.
    """

    head: Heads
    out_of_fold: npt.NDArray[np.float32]
    chosen: str


def as_one_view(frames: FrameFeatures) -> ViewFeatures:
    """Return exact clips as what heads learn from."""
    return ViewFeatures(frames.mean(1), np.arange(len(frames))[:, None])


def choose_type(trunks: Sequence[Trunk], exact: Mapping[str, FrameFeatures], material: Material) -> Trunk:
    """Return the type to go on with: the first, unless the next is as good as far as the folds can tell."""
    if len(trunks) == 1:
        return trunks[0]
    answers = material.answers
    left_out = [frozenset([k]) for k in answers.folds]
    found = [
        _candidates(trunk.config, (_DECAYS[0],), as_one_view(exact[name]), exact[name], answers, left_out, name)[0][0]
        for trunk in trunks
        for name in (trunk.config.architecture,)
    ]
    for line in table_of(found, answers):
        _LOGGER.info(line)
    own = np.flatnonzero(answers.own)
    first, second = (candidate.right(answers)[own] for candidate in found)
    better = is_surely_better(first, second, [material.learnt.groups[row] for row in own])
    return trunks[0] if better else trunks[1]


def probe(config: Config, views: ViewFeatures, exact: FrameFeatures, answers: Answers) -> Probed:
    """Train heads with several weight decays, choose one for each fold and one for everything, and show the table."""
    found, heads = _candidates(config, _DECAYS, views, exact, answers, nested(answers.folds))
    for line in table_of(found, answers):
        _LOGGER.info(line)
    best = chosen_for(found, answers, None)
    number = found.index(best) * len(nested(answers.folds))  # the head that leaves out nothing comes first
    kept = Heads(heads.weight[number : number + 1], heads.bias[number : number + 1])
    return Probed(kept, out_of_fold(found, answers), best.name)


def _candidates(
    config: Config,
    decays: Sequence[float],
    views: ViewFeatures,
    exact: FrameFeatures,
    answers: Answers,
    left_out: Sequence[LeftOut],
    name: str = "",
) -> tuple[list[Candidate], Heads]:
    """Train a head for each weight decay and each set of folds to leave out."""
    learnt = np.array([~np.isin(answers.fold, list(each)) for _ in decays for each in left_out])
    outputs = len(config.data.outputs)
    heads = fit_heads(views, answers.truth, learnt, [decay for decay in decays for _ in left_out], outputs, config)
    candidates = []
    for at, decay in enumerate(decays):
        numbers = range(at * len(left_out), (at + 1) * len(left_out))
        logits = {each: heads.logits(number, exact) for each, number in zip(left_out, numbers, strict=True)}
        candidates.append(Candidate(name or f"weight decay {decay:g}", logits))
    return candidates, heads
