"""The whole way from a folder to a released model, to be read from top to bottom."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from training.config.schema import Config
from training.data.dataset import DataSet
from training.data.loading import open_dataset
from training.own.checks import check_readable, notes_on
from training.own.first_model import without_learnt
from training.own.heads import Heads
from training.own.material import Material, material_of
from training.own.probe import FrameFeatures, Probed, as_one_view, choose_type, probe
from training.own.release import FrameLogits, check_served, predictions_of, release_own
from training.own.task import Task
from training.own.trunk import Trunk, config_of_type, types_of
from training.own.words import announcement
from videoxception.store import Release

_LOGGER = logging.getLogger(__name__)
_CHECKED = 8  # clips that the released graph is shown


def train_own(config: Config, task: Task) -> None:
    """Train on a folder of one's own actions, and release the model. What was computed before is taken up.

    Args:
        config: names all classes, and what tells the source videos.

    Raises:
        TrainingError: the folder, an option or the disk does not do.
        StoreError: nothing can be released into the store.
    """
    dataset = open_dataset(config.data)
    for line in dataset.survey().describe():
        _LOGGER.info(line)
    trunks = [Trunk(config_of_type(config, name), task.work, task.device) for name in types_of(config)]
    everything = dataset.part(None)
    bad = {path: error for trunk in trunks for path, error in trunk.open(everything).items()}
    check_readable(everything.items, bad)
    material = material_of(dataset, bad.keys())
    if len(material.held_out):
        _LOGGER.info(f"{len(material.held_out)} clips are kept apart, and only measured on")
    for line in (*material.notes, *notes_on(material.learnt.items, config.data.classes, bad)):
        _LOGGER.info(line)
    if known := task.released_before(config, material):
        _LOGGER.info(f"{task.run} was released as {known} with these very clips and options; nothing was done")
        return
    trunks = _affordable(trunks, material.learnt, task)
    exact = {trunk.config.architecture: trunk.exact(material.learnt) for trunk in trunks}
    trunk = choose_type(trunks, exact, material)
    _LOGGER.info(f"type: {trunk.config.architecture} ({task.clock})")
    _probe_and_release(trunk, exact[trunk.config.architecture], material, task, bad)
    task.note_release(config, material)


def _affordable(trunks: Sequence[Trunk], data: DataSet, task: Task) -> list[Trunk]:
    """Return the types whose features of all clips fit into the time; the quickest, which is the last, anyway."""
    kept: list[Trunk] = []
    for trunk in trunks:
        seconds, name = trunk.seconds_for(data), trunk.config.architecture
        if seconds < task.clock.for_features / 2 or (trunk is trunks[-1] and not kept):
            _LOGGER.info(f"{name}: about {seconds:.0f} s for the clips' features ({task.clock})")
            kept.append(trunk)
        else:
            _LOGGER.info(f"{name} is left out: its features would take {seconds:.0f} s ({task.clock})")
    return kept


def _probe_and_release(
    trunk: Trunk, exact: FrameFeatures, material: Material, task: Task, bad: Mapping[Path, str]
) -> None:
    """Train the heads of the chosen type, and release the one that has learnt everything."""
    config = trunk.config
    views = trunk.views(material.learnt, task.clock)
    probed = probe(config, views or as_one_view(exact), exact, material.answers)
    data, logits = _measured_on(trunk, material, probed)
    predictions = predictions_of(logits, data, material, [f"{path}: {error}" for path, error in bad.items()])
    seen = f"{views.rows.shape[1]} views of each clip" if views else "each clip as it is"
    note = f"Heads on frozen features, of {seen}; {probed.chosen}, chosen by inner folds. {task.doubt}"
    _set_head(trunk, probed.head)
    check = _check_on_some(trunk, exact, material, probed.head)
    release, evaluation = release_own(task, config, trunk.net, predictions, material, note, check)
    print(announcement(release, evaluation, material, task))


def _measured_on(trunk: Trunk, material: Material, probed: Probed) -> tuple[DataSet, FrameLogits]:
    """Return what the figures are of, and logits (N, F, K): the part that was kept apart, else all clips."""
    data, logits = material.learnt, probed.out_of_fold
    if len(material.held_out):
        data = material.held_out
        logits = probed.head.logits(0, trunk.exact(data))
    kept = np.arange(len(data)) if trunk.is_published else without_learnt(trunk.config, data)
    return DataSet(tuple(data.items[row] for row in kept), data.classes), logits[kept]


def _set_head(trunk: Trunk, head: Heads) -> None:
    layer = trunk.net.get_submodule("head")
    assert isinstance(layer, torch.nn.Linear)
    with torch.no_grad():
        layer.weight.copy_(head.weight[0])
        layer.bias.copy_(head.bias[0])


def _check_on_some(trunk: Trunk, exact: FrameFeatures, material: Material, head: Heads) -> Callable[[Release], None]:
    """Return what raises `TrainingError` if a release says something else of some clips than the head."""
    rows = list(range(0, len(exact), max(1, len(exact) // _CHECKED)))[:_CHECKED]
    paths = [material.learnt.items[row].path for row in rows]
    clips = [np.broadcast_to(trunk.library.clip(path), trunk.config.clip.shape) for path in paths]
    return lambda release: check_served(release, clips, head, exact[rows].mean(1))
