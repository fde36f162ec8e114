"""A release's golden answers: logits of the weights themselves, which every graph must reproduce."""

import numpy as np
import torch

from training.errors import TrainingError
from videoxception import golden
from videoxception.engine.base import Precision
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.manifest import Golden
from videoxception.nets.served import load_served
from videoxception.store import Release

_SEED, _CLIPS = 16, 3
# Largest difference of a logit, as a share of the largest logit: rounding is relative to the numbers that are added up.
_TOLERANCE: dict[Precision, float] = {"f32": 1e-3, "bf16": 5e-2}


def golden_answers(release: Release) -> Golden:
    """Compute the logits of drawn clips from the weights, in float64, and what each precision may be off by."""
    clips = golden.draw(release.manifest.clip, _SEED, _CLIPS)
    with torch.inference_mode():
        logits = load_served(release).double()(torch.from_numpy(clips)).numpy()
    largest = max(1.0, float(np.abs(logits).max()))
    tolerance: dict[Precision, float] = {name: share * largest for name, share in _TOLERANCE.items()}
    return Golden(seed=_SEED, logits=logits.tolist(), tolerance=tolerance)


def with_int8(release: Release) -> Golden:
    """Return a release's golden answers, with what its int8 graph may be off by.

    That is what it is off by here, and what bf16 may be beside it: golden clips are coloured squares, which no
    quantised network is fitted to, and the first block and the head run in bf16 where the CPU has it.
    """
    answers = release.manifest.golden
    clips = golden.draw(release.manifest.clip, answers.seed, len(answers.logits))
    off = golden.largest_difference(OpenVINOEngine(release, "int8").predict(clips), answers.logits)
    return answers.model_copy(update={"tolerance": answers.tolerance | {"int8": off + answers.tolerance["bf16"]}})


def check_graphs(release: Release, answers: Golden) -> None:
    """Raise `TrainingError` unless the exported graphs give the golden answers."""
    clips = golden.draw(release.manifest.clip, answers.seed, len(answers.logits))
    for precision, allowed in answers.tolerance.items():
        off = golden.largest_difference(OpenVINOEngine(release, precision).predict(clips), answers.logits)
        if not off <= allowed:
            raise TrainingError(
                f"the exported graph is not the network: in {precision}, a logit is off by {off:.3g}, and"
                f" {allowed:.3g} is allowed"
            )
