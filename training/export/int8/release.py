"""The int8 graph of a model that is being released, and how near its answers are to those in f32."""

from collections.abc import Sequence

import numpy as np
import openvino as ov

from training.data.dataset import DataSet, Item
from training.data.decode import read_all, read_clip
from training.data.splits import Split
from training.export.int8.agreement import agreement
from training.export.int8.quantise import can_quantise, quantise
from videoxception import golden
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.manifest import Golden, Manifest
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.served import load_served
from videoxception.store import Release

_SEEN, _COMPARED = 128, 2000  # clips that show what values to expect; clips whose answers are compared


def add_int8(release: Release, split: Split, skip_bad: bool) -> Manifest:
    """Writes the int8 graph beside the others. The manifest with what came of it, or as it is if int8 is not for this
    network.

    It is made of items that the network was trained on, and compared on those and on the held-out ones, evenly drawn.
    Raises `TrainingError` for an item that cannot be read.
    """
    manifest = release.manifest
    net = fuse_norms(load_served(release), manifest.clip)
    if not can_quantise(net):
        return manifest
    clips, _, _ = read_all(
        _evenly(split.training.items, _SEEN),
        lambda item: read_clip(item.path, manifest.clip),
        skip_bad,
        "clips for int8",
    )
    ov.save_model(quantise(net, manifest.clip, clips), release.int8_graph, compress_to_fp16=False)
    manifest = _compared(release, split, skip_bad)
    return manifest.model_copy(update={"golden": _with_tolerance(Release(release.folder, manifest))})


def _compared(release: Release, split: Split, skip_bad: bool) -> Manifest:
    """The manifest with the int8 graph's agreement."""
    manifest = release.manifest
    engines = [OpenVINOEngine(release, precision) for precision in ("f32", "int8")]
    own = [item for item in (*split.training.items, *split.validation.items) if item.label in manifest.classes]
    logits, _, _ = read_all(
        _evenly(own, _COMPARED),
        lambda item: np.stack([engine.predict(read_clip(item.path, manifest.clip)[None])[0] for engine in engines]),
        skip_bad,
        "answers in int8",
    )
    found = agreement(logits[:, 0], logits[:, 1], len(manifest.classes), manifest.calibration.temperature)
    return manifest.model_copy(update={"int8": found})


def _with_tolerance(release: Release) -> Golden:
    """The golden answers with what int8 may be off by: what it is off by here, and what bf16 may be beside it.

    Golden clips are coloured squares, which no quantised network has been fitted to. The first block and the head run
    in floating point, in bf16 where the CPU has it.
    """
    found = release.manifest.golden
    logits = OpenVINOEngine(release, "int8").predict(golden.draw(release.manifest.clip, found.seed, len(found.logits)))
    off = golden.largest_difference(logits, found.logits)
    return found.model_copy(update={"tolerance": {**found.tolerance, "int8": off + found.tolerance["bf16"]}})


def _evenly(items: Sequence[Item], count: int) -> DataSet:
    """At most `count` of the items, at equal distances."""
    chosen = [items[i * len(items) // min(count, len(items))] for i in range(min(count, len(items)))]
    return DataSet(tuple(chosen), ())
