"""Frozen features of the shipped type D, and linear heads on them: what other measurements are made with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino as ov
import torch
from torch.nn import functional as F

from training.bank.descriptors import run_on_frames
from training.data.dataset import Item
from training.find_groups import read_clips
from videoxception.answer import Probabilities
from videoxception.clip import Frames
from videoxception.nets.efficientnet_lite import TOP
from videoxception.store import BUILT_IN, ModelStore

Features = npt.NDArray[np.float32]

_DECAY = 1e-3  # of weights, on features of unit variance
_STEPS = 30


def frozen_features(items: Sequence[Item], kept: Path | None = None) -> Features:
    """Compute the pooled features (N, 1280) of clips, as the head of the shipped type D is given them.

    Args:
        kept: a file that keeps them, or has them from an earlier time.
    """
    if kept is not None and kept.exists():
        return np.asarray(np.load(kept), np.float32)
    release, core = ModelStore(built_in=BUILT_IN).load("videoxception-d"), ov.Core()
    spec, model = release.manifest.clip, core.read_model(release.graph)
    model.reshape({0: [1, *spec.shape]})
    pooled = [node.output(0) for node in model.get_ordered_ops() if _is_of_frames(node, spec.frames)][-1]
    request = core.compile_model(ov.Model([pooled], model.get_parameters()), "CPU").create_infer_request()

    def run(frames: Frames) -> list[Features]:
        return [request.infer([np.ascontiguousarray(frames)[None]]).to_tuple()[0].reshape(len(frames), -1).copy()]

    (of_frames,), counts = run_on_frames(read_clips(items, spec, []), run, spec.frames)
    features = np.array([each.mean(0) for each in np.split(of_frames, np.cumsum(counts)[:-1])], np.float32)
    if kept is not None:
        np.save(kept, features)
    return features


def _is_of_frames(node: ov.Node, frames: int) -> bool:
    """Return whether a node gives pooled features of each frame."""
    shape = list(node.output(0).shape) if node.get_output_size() and node.output(0).partial_shape.is_static else []
    return shape in ([1, frames, TOP], [frames, TOP])


def out_of_fold(features: Features, targets: Sequence[int], folds: Sequence[int]) -> Probabilities:
    """Return what heads that are fitted without an item's fold say of it: probabilities (N, K)."""
    truth, fold = np.asarray(targets), np.asarray(folds)
    standardised = (features - features.mean(0)) / (features.std(0) + 1e-6)
    rows = np.empty((len(truth), int(truth.max()) + 1))
    for each in np.unique(fold):
        held = fold == each
        rows[held] = _fit_and_apply(standardised[~held], truth[~held], standardised[held], rows.shape[1])
    return rows


def _fit_and_apply(features: Features, targets: npt.NDArray[np.int64], others: Features, classes: int) -> Probabilities:
    """Fit a logistic regression, and apply it to others."""
    head = torch.nn.Linear(features.shape[1], classes)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    inputs, truth = torch.from_numpy(features), torch.from_numpy(targets)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(head(inputs), truth) + _DECAY * head.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.inference_mode():
        return np.asarray(head(torch.from_numpy(others)).softmax(1).double().numpy())
