"""Release a network whose head was trained on frozen features, with the figures of heads that left clips out."""

import csv
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.config.schema import Config
from training.data.auxiliary_classes import short_name
from training.data.dataset import DataSet
from training.errors import TrainingError
from training.evaluation.leakage import record_sources, sources_of_all, write_hashes
from training.evaluation.ood import SEEN
from training.evaluation.predictions import OodOutputs, Scores
from training.evaluation.protocol import calibrate, measure_predictions, out_of_fold
from training.evaluation.stored import Predictions, save_predictions
from training.evaluation.summary import Evaluation
from training.evaluation.views import Views
from training.export.golden_answers import check_graphs
from training.export.unmeasured import unmeasured_release
from training.names import ESCAPED
from training.own.heads import Heads
from training.own.material import Material
from training.own.task import Task
from training.releases import mark_released
from training.reporting.measured import Measured
from training.reporting.plots.draw import draw_evaluation, draw_or_explain
from training.reporting.provenance import provenance_of
from videoxception.clip import Frames
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.nets.background import join_background
from videoxception.nets.cost import cost_of
from videoxception.nets.fused_norms import round_for_bf16
from videoxception.nets.served import load_served
from videoxception.store import SOURCES, Release, publish

FrameLogits = npt.NDArray[np.float32]
_TOLERANCE = 1e-2  # as a share of the largest logit


def predictions_of(logits: FrameLogits, data: DataSet, material: Material, skipped: Sequence[str]) -> Predictions:
    """Return logits (N, F, K) of the frames of exact clips as predictions, auxiliary classes joined and apart."""
    classes, auxiliary = len(material.config.classes), len(material.config.auxiliary)
    outputs = join_background(torch.from_numpy(logits.mean(1)), auxiliary).numpy()[:, None]
    is_own = np.asarray(data.targets) < classes
    frames = logits[is_own, :, :classes] if logits.shape[1] > 1 else None
    scores = Scores(material.own(data), Views(), outputs[is_own], frames, list(skipped))
    others = {SEEN: OodOutputs(material.auxiliary(data), outputs[~is_own])} if not is_own.all() else {}
    return Predictions(scores, others)


def release_own(
    task: Task,
    config: Config,
    net: nn.Module,
    predictions: Predictions,
    material: Material,
    note: str,
    check: Callable[[Release], None],
) -> tuple[Release, Evaluation]:
    """Release a network as the next version of its name, and draw its plots in the run's folder.

    Args:
        note: what more the card says of the training.
        check: raises `TrainingError` if the graph is not what was measured.

    Raises:
        TrainingError: its graph does not compute what was measured.
        StoreError: nothing can be released into the store.
    """
    run = task.run
    record_sources(run, config, material.learnt.groups, material.learnt.items)
    with tempfile.TemporaryDirectory() as scratch:
        measured = _measure(run, Path(scratch) / "release", config, net, predictions, material, note, check)
        release = publish(task.store, config.model_name, measured.move_to)
    mark_released(run, release)
    evaluation = measured.evaluation
    assert evaluation is not None
    draw_or_explain(lambda: draw_evaluation(run, str(release), config.clip, evaluation))
    write_answers(run / "out_of_fold.csv", evaluation, config)
    return release, evaluation


def _measure(
    run: Path,
    folder: Path,
    config: Config,
    net: nn.Module,
    predictions: Predictions,
    material: Material,
    note: str,
    check: Callable[[Release], None],
) -> Measured:
    round_for_bf16(net, config.clip)
    release = unmeasured_release(folder, config, {name: t.contiguous() for name, t in net.state_dict().items()})
    check(release)
    if (sources := sources_of_all([run])) is not None:
        write_hashes(release.folder / SOURCES, sources)
    save_predictions(release.predictions, predictions)
    split, folds = material.split, _folds(predictions, material)
    calibration = calibrate(predictions.scores, "background" if config.data.auxiliary else "max_probability", folds)
    protocol = out_of_fold(split.protocol, folds) if folds else split.protocol
    evaluation = measure_predictions(predictions, calibration, protocol)
    check_graphs(release, release.manifest.golden)
    cost = cost_of(load_served(release).net, config.clip)
    provenance = provenance_of(config, split, note)
    golden = release.manifest.golden
    return Measured(release.folder, config, folds, calibration, evaluation, golden, None, cost, provenance)


def _folds(predictions: Predictions, material: Material) -> list[int]:
    """Return the folds whose heads were measured; none if a part was held out instead."""
    if len(material.held_out):
        return []
    return sorted({item.fold for item in predictions.scores.data.items if item.fold is not None})


def check_served(release: Release, clips: Sequence[Frames], head: Heads, features: npt.NDArray[np.float32]) -> None:
    """Compare a few clips' logits, as the served graph gives them, with those of the head on frozen features (N, C).

    Raises `TrainingError` if they differ: then what was measured is not what is served.
    """
    engine = OpenVINOEngine(release, "f32")
    served = np.concatenate([engine.predict(np.ascontiguousarray(clip)[None]) for clip in clips])
    auxiliary = len(release.manifest.auxiliary)
    expected = join_background(torch.from_numpy(head.logits(0, features)), auxiliary).numpy()
    off, largest = float(np.abs(served - expected).max()), max(1.0, float(np.abs(expected).max()))
    if not off <= _TOLERANCE * largest:
        raise TrainingError(f"the released graph is not what was measured: a logit is off by {off:.3g}")


def write_answers(path: Path, evaluation: Evaluation, config: Config) -> None:
    """Write a row for each clip of the classes: its label, and the answer of a head that has not learnt from it."""
    data, rows = evaluation.scores.data, evaluation.probabilities
    with path.open("w", newline="", encoding="utf-8", errors=ESCAPED) as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "source_video", "fold", "answer", "confidence", "probability_of_label"])
        for item, target, row in zip(data.items, data.targets, rows, strict=True):
            answer = data.classes[row.argmax()]
            shares = (f"{row.max():.4f}", f"{row[target]:.4f}")
            table.writerow([short_name(item.path, config.data), item.label, item.group, item.fold, answer, *shares])
