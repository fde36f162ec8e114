"""What --init has to do with the figures: clips that the first model has learnt from are not measured on."""

import logging

import numpy as np

from training.config.schema import Config
from training.data.dataset import DataSet
from training.errors import TrainingError
from training.evaluation.bootstrap import Ints
from training.evaluation.leakage import is_learnt, sources_of_release
from training.model.resolve import resolve_trained
from videoxception.store import Release

_LOGGER = logging.getLogger(__name__)


def without_learnt(config: Config, data: DataSet) -> Ints:
    """Return the rows of items that the model which --init names has not learnt from, and log how many it has.

    Raises `TrainingError` if there are none, or if it does not tell.
    """
    first = resolve_trained(config.init)
    assert isinstance(first, Release)
    hashes = sources_of_release(first)
    if hashes is None:
        raise TrainingError(f"--init: {first} does not tell what it has learnt from, so that nothing could be measured")
    kept = [row for row, item in enumerate(data.items) if not is_learnt(item, hashes)]
    if not kept:
        raise TrainingError(f"--init: {first} has learnt from all clips, so that nothing is left to measure on")
    if len(kept) < len(data):
        _LOGGER.info(f"{len(data) - len(kept)} of {len(data)} clips are not measured on: {first} has learnt from them")
    return np.array(kept)
