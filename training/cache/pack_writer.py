"""Write a pack: a small copy of a data set's cache, for a machine that has neither the videos nor a decoder."""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch.nn import functional as F

from training.cache.loader import Library
from training.cache.pack_reader import FORMAT, FRAMES, HEADER, PackedItem, PackHeader, spread
from training.cache.packing import Packing
from training.cache.spec import CachedFrames as Copy
from training.cache.spec import CacheSpec
from training.config.schema import Config
from training.data.auxiliary_classes import short_name
from training.data.dataset import Item
from training.data.splits import Split
from training.errors import TrainingError
from training.progress import track

_LOGGER = logging.getLogger(__name__)
_SAMPLE = 48  # items by which the size of a pack is estimated


def write_pack(
    folder: Path, config: Config, library: Library, split: Split, packings: Sequence[Packing], limit: int
) -> None:
    """Write the first of the packings that stays below `limit` bytes. Raise `TrainingError` if none does."""
    items = [*split.training.items, *split.held_out]
    partial = folder.with_name(folder.name + ".partial")
    for packing in packings:
        estimate = _estimate(items, library, packing)
        if estimate <= limit and (size := _write(partial, config, library, split, packing)) <= limit:
            partial.rename(folder)
            _LOGGER.info(f"packed {len(items)} items into {folder}: {size / 1e6:.1f} MB, {packing}")
            _LOGGER.info(_dropped(library.spec, packing))
            return
        shutil.rmtree(partial, ignore_errors=True)
    raise TrainingError(
        f"{packings[-1]} of {len(items)} items take {estimate / 1e6:.1f} MB, over the {limit / 1e6:.1f} MB that a pack"
        f" may have: allow more with --megabytes, take fewer --classes, or make them smaller with --size"
    )


def _estimate(items: Sequence[Item], library: Library, packing: Packing) -> float:
    """Estimate how many bytes all items will take, by some of them."""
    sample = items[:: max(1, len(items) // _SAMPLE)]
    taken = sum(len(jpeg) for item in sample for jpeg in _jpegs(library.copy(item.path), packing))
    return taken / len(sample) * len(items)


def _write(folder: Path, config: Config, library: Library, split: Split, packing: Packing) -> int:
    """Write both files of a pack; return how many bytes they take."""
    folder.mkdir(parents=True, exist_ok=True)
    digest, rows = hashlib.sha256(), []
    held_out = {item.path for item in split.held_out}
    items = [*split.training.items, *split.held_out]  # in this order, so that runs draw the same items
    with (folder / FRAMES).open("wb") as file:
        for item in track(items, "packing"):
            jpegs = list(_jpegs(library.copy(item.path), packing))
            for jpeg in jpegs:
                digest.update(jpeg)
                file.write(jpeg)
            fields = asdict(item) | {"path": short_name(item.path, config.data)}
            rows.append(PackedItem(fields=fields, held_out=item.path in held_out, lengths=[len(j) for j in jpegs]))
    header = PackHeader(
        format=FORMAT,
        clip=library.spec.clip,
        frames=packing.frames,
        size=packing.size,
        quality=packing.quality,
        dropped=_dropped(library.spec, packing),
        config=config.to_json(),
        classes=split.training.classes,
        protocol=split.protocol,
        leaky=split.leaky,
        notes=split.notes,
        sha256=digest.hexdigest(),
        items=rows,
    )
    (folder / HEADER).write_text(json.dumps(header.model_dump(mode="json")))  # escapes names that are not UTF-8
    return sum(path.stat().st_size for path in folder.iterdir())


def _jpegs(copy: Copy, packing: Packing) -> Iterator[bytes]:
    """Encode the frames of one item, (P, 3, h, w); a still has one, whatever the packing says."""
    from torchvision.io import encode_jpeg

    frames = torch.from_numpy(copy[spread(len(copy), min(len(copy), packing.frames))])
    if frames.shape[2:] != packing.size:
        frames = F.interpolate(frames, packing.size, mode="bilinear", antialias=True)
    for frame in frames:
        yield encode_jpeg(frame, packing.quality).numpy().tobytes()


def _dropped(spec: CacheSpec, packing: Packing) -> str:
    return (
        f"copies are {packing} (the cache has {spec}); clips are made of those, not the exact ones: what a run from"
        f" the pack says of its held-out items is close, but no result"
    )
