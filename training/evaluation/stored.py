"""The predictions that a release keeps, so that every figure of its card can be computed again from them.

One safetensors file. For each set of items, the classes' own and each OOD set: outputs (N, V, K or K + 1) as float32,
labels as numbers, names and source videos as hashes. Which source videos come first decides what a bootstrap draws, so
that they are kept in the order of their names, which are not kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from training.evaluation.leakage import hash_of, own_name
from training.evaluation.predictions import OodOutputs, Scores
from training.evaluation.views import Views

_OWN = "classes"  # the set of the classes' own items; OOD sets have their own names
_NO_FOLD = -1
Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model's predictions for items of its classes, and for OOD sets by their names."""

    scores: Scores
    ood: Mapping[str, OodOutputs]


def save_predictions(path: Path, predictions: Predictions) -> None:
    """Write the predictions to one file."""
    scores = predictions.scores
    sets = {_OWN: OodOutputs(scores.data, scores.outputs), **predictions.ood}
    arrays = {f"{name}/{field}": array for name, found in sets.items() for field, array in _arrays(found).items()}
    if scores.frames is not None:
        arrays[f"{_OWN}/frames"] = np.ascontiguousarray(scores.frames, np.float32)
    labels = {name: list(found.data.classes) for name, found in sets.items()}
    # A single entry, since safetensors writes several in no fixed order.
    save_file(arrays, path, {"sets": json.dumps({"views": scores.views.count, "labels": labels})})


def load_predictions(path: Path) -> Predictions:
    """Read what `save_predictions` wrote. Source videos are named by their place in the order of their names.

    Raises:
        TrainingError: it is no such file.
    """
    try:
        with safe_open(path, "np") as file:
            about = json.loads(file.metadata()["sets"])
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # the file itself cannot be iterated
        sets = {name: _outputs(name, labels, arrays) for name, labels in about["labels"].items()}
        own = sets.pop(_OWN)
        scores = Scores(own.data, Views(about["views"]), own.outputs, arrays.get(f"{_OWN}/frames"), [])
        return Predictions(scores, sets)
    except (OSError, SafetensorError, ValueError, TypeError, KeyError, IndexError) as error:
        raise TrainingError(f"{path} holds no predictions that can be read: {error}") from error


def _arrays(found: OodOutputs) -> dict[str, npt.NDArray[np.generic]]:
    """Return outputs and items as arrays."""
    items, groups = found.data.items, sorted(set(found.data.groups))
    place = {name: i for i, name in enumerate(groups)}
    return {
        "outputs": np.ascontiguousarray(found.outputs, np.float32),
        "label": np.array(found.data.targets, np.int32),
        "fold": np.array([_NO_FOLD if item.fold is None else item.fold for item in items], np.int32),
        "item": _as_numbers([hash_of(own_name(item)) for item in items]),
        "source_video": np.array([place[item.group] for item in items], np.int32),
        "source_videos": _as_numbers([hash_of(name) for name in groups]),
    }


def _outputs(name: str, labels: list[str], arrays: Arrays) -> OodOutputs:
    fields = ("item", "label", "source_video", "fold")
    rows = zip(*(arrays[f"{name}/{field}"].tolist() for field in fields), strict=True)
    items = [
        Item(Path(f"{item:016x}"), labels[label], f"{video:08}", None if fold == _NO_FOLD else fold)
        for item, label, video, fold in rows
    ]
    return OodOutputs(DataSet(tuple(items), tuple(labels)), arrays[f"{name}/outputs"])


def _as_numbers(hashes: list[str]) -> npt.NDArray[np.uint64]:
    return np.array([int(each, 16) for each in hashes], np.uint64)
