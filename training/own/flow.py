"""The whole way from a folder to a released model."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from training.atomic_write import write_atomically
from training.config.schema import Config
from training.data.dataset import DataSet
from training.data.fingerprint import fingerprint
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.evaluation.leakage import is_learnt, sources_of_release
from training.model.resolve import resolve_trained
from training.own.checks import check_readable, notes_on
from training.own.clock import Clock
from training.own.heads import Heads
from training.own.material import Material, material_of, source_videos
from training.own.probe import FrameFeatures, as_one_view, choose_type, probe
from training.own.release import check_served, predictions_of, release_own
from training.own.trunk import Trunk, config_of_type, types_of
from training.own.words import announcement
from training.releases import released_as
from videoxception.store import Release

_LOGGER = logging.getLogger(__name__)
_CHECKED = 8  # clips that the released graph is shown


def train_own(config: Config, run: Path, store: Path, clock: Clock, device: torch.device, doubt: str) -> None:
    """Train on a folder of one's own actions, and release the model. What was computed before is taken up.

    Args:
        config: names all classes, and what tells the source videos.
        run: the run's folder; decoded frames and features are kept in it.
        doubt: why accuracy by these source videos may be flattered; "" if it is not.

    Raises:
        TrainingError: the folder, an option or the disk does not do.
        StoreError: nothing can be released into the store.
    """
    dataset = open_dataset(config.data)
    trunks = [Trunk(config_of_type(config, name), run / "work", device) for name in types_of(config)]
    everything = dataset.part(None)
    bad = {path: error for trunk in trunks for path, error in trunk.open(everything).items()}
    check_readable(everything.items, bad)
    material = material_of(dataset, bad.keys())
    for line in (*_described(material), *notes_on(material.learnt.items, config.data.classes, bad)):
        _LOGGER.info(line)
    if known := _known(run, config, material):
        _LOGGER.info(f"{run} was released as {known} with these very clips and options; nothing was done")
        return
    trunks = _affordable(trunks, material.learnt, clock)
    exact = {trunk.config.architecture: trunk.exact(material.learnt) for trunk in trunks}
    trunk = choose_type(trunks, exact, material)
    _LOGGER.info(f"type: {trunk.config.architecture} ({clock})")
    _finish(trunk, exact[trunk.config.architecture], material, run, store, clock, bad, doubt)
    _remember(run, config, material)


def _described(material: Material) -> Sequence[str]:
    own = material.own(material.learnt)
    lines = [f"{len(own)} clips of {len(own.classes)} classes, of {source_videos(own.items)} source videos"]
    if len(material.held_out):
        lines.append(f"{len(material.held_out)} clips are kept apart, and only measured on")
    return [*lines, *material.notes]


def _affordable(trunks: list[Trunk], data: DataSet, clock: Clock) -> list[Trunk]:
    """Return the types whose features of all clips fit into the time, the last one anyway."""
    kept: list[Trunk] = []
    for number, trunk in enumerate(trunks):
        seconds = trunk.seconds_for(data)
        _LOGGER.info(f"{trunk.config.architecture}: about {seconds:.0f} s for the clips' features ({clock})")
        if seconds < clock.for_features / 2 or (number == len(trunks) - 1 and not kept):
            kept.append(trunk)
    return kept


def _finish(
    trunk: Trunk,
    exact: FrameFeatures,
    material: Material,
    run: Path,
    store: Path,
    clock: Clock,
    bad: dict[Path, str],
    doubt: str,
) -> None:
    """Train the heads of the chosen type, and release."""
    config = trunk.config
    views = trunk.views(material.learnt, clock)
    probed = probe(config, views or as_one_view(exact), exact, material.answers)
    logits, data = probed.out_of_fold, material.learnt
    if len(material.held_out):
        data = material.held_out
        logits = probed.head.logits(0, trunk.exact(data))
    data, logits = (data, logits) if trunk.is_published else _unseen_before(config, data, logits)
    skipped = [f"{path}: {error}" for path, error in bad.items()]
    predictions = predictions_of(logits, data, material, skipped)
    seen = f"{views.rows.shape[1]} views of each clip" if views else "each clip as it is"
    note = f"Heads on frozen features, of {seen}; {probed.chosen}, chosen by inner folds. {doubt}"
    _set_head(trunk, probed.head)
    rows = range(0, len(exact), max(1, len(exact) // _CHECKED))[:_CHECKED]
    paths = [material.learnt.items[row].path for row in rows]
    clips = [np.broadcast_to(trunk.library.clip(path), config.clip.shape) for path in paths]

    def check(release: Release) -> None:
        check_served(release, clips, probed.head, exact[list(rows)].mean(1))

    release, evaluation = release_own(run, store, config, trunk.net, predictions, material, note, check)
    print(announcement(release, evaluation, material, clock, run, store, doubt))


def _set_head(trunk: Trunk, head: Heads) -> None:
    with torch.no_grad():
        layer = trunk.net.get_submodule("head")
        assert isinstance(layer, torch.nn.Linear)
        layer.weight.copy_(head.weight[0])
        layer.bias.copy_(head.bias[0])


def _unseen_before(
    config: Config, data: DataSet, logits: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> tuple[DataSet, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Leave out of the figures what a model that --init names has learnt from."""
    if not config.init:
        return data, logits
    first = resolve_trained(config.init)
    assert isinstance(first, Release)
    hashes = sources_of_release(first)
    if hashes is None:
        raise TrainingError(f"--init: {first} does not tell what it has learnt from, so that nothing could be measured")
    kept = [row for row, item in enumerate(data.items) if not is_learnt(item, hashes)]
    if len(kept) < len(data):
        _LOGGER.info(f"{len(data) - len(kept)} of {len(data)} clips are not measured on: {first} has learnt from them")
    if not kept:
        raise TrainingError(f"--init: {first} has learnt from all clips, so that nothing is left to measure on")
    return replace(data, items=tuple(data.items[row] for row in kept)), logits[kept]


def _known(run: Path, config: Config, material: Material) -> str | None:
    """Return what a run was released as, if it was with the same clips and options."""
    path = run / "own.json"
    same = path.exists() and path.read_text() == _print(config, material)
    return released_as(run) if same else None


def _remember(run: Path, config: Config, material: Material) -> None:
    write_atomically(run / "own.json", _print(config, material).encode())


def _print(config: Config, material: Material) -> str:
    """Return a hash of clips and options."""
    data = DataSet((*material.learnt.items, *material.held_out.items), material.learnt.classes)
    return hashlib.sha256(f"{fingerprint(data, config.data)} {config.to_json()}".encode()).hexdigest()
