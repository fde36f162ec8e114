"""The int8 graph of a model that is being released, and how near its answers are to those in f32."""

from collections.abc import Sequence

import numpy as np
import openvino as ov

from training.data.dataset import DataSet, Item
from training.data.decode import read_all, read_clip
from training.data.splits import Split
from training.export.int8.agreement import agreement
from training.export.int8.quantise import can_quantise, quantise
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.manifest import Agreement
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.served import load_served
from videoxception.store import Release

_SEEN, _COMPARED = 128, 2000  # clips that show what values to expect; clips whose answers are compared


def make_int8(release: Release, split: Split, temperature: float, skip_bad: bool) -> Agreement | None:
    """Write the int8 graph beside the others, and return how near its answers are; None if the network cannot have one.

    It is made of items that the network was trained on, and compared on those and on the held-out ones, evenly drawn.
    Raises `TrainingError` for an item that cannot be read.
    """
    manifest = release.manifest
    net = fuse_norms(load_served(release), manifest.clip)
    if not can_quantise(net):
        return None
    items = _evenly(split.training.items, _SEEN)
    clips, _, _ = read_all(items, lambda item: read_clip(item.path, manifest.clip), skip_bad, "clips for int8")
    ov.save_model(quantise(net, manifest.clip, clips), release.int8_graph, compress_to_fp16=False)
    return _compare(release, split, temperature, skip_bad)


def _compare(release: Release, split: Split, temperature: float, skip_bad: bool) -> Agreement:
    """Compare the int8 graph's answers with those in f32."""
    manifest = release.manifest
    engines = [OpenVINOEngine(release, precision) for precision in ("f32", "int8")]
    own = [item for item in (*split.training.items, *split.validation.items) if item.label in manifest.classes]
    logits, _, _ = read_all(
        _evenly(own, _COMPARED),
        lambda item: np.stack([engine.predict(read_clip(item.path, manifest.clip)[None])[0] for engine in engines]),
        skip_bad,
        "answers in int8",
    )
    return agreement(logits[:, 0], logits[:, 1], len(manifest.classes), temperature)


def _evenly(items: Sequence[Item], count: int) -> DataSet:
    """Return at most `count` of the items, at equal distances."""
    chosen = [items[i * len(items) // min(count, len(items))] for i in range(min(count, len(items)))]
    return DataSet(tuple(chosen), ())
