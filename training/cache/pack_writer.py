"""Makes a pack: a small copy of a data set's cache, for a machine that has neither the videos nor a decoder."""

import argparse
import hashlib
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch.nn import functional as F

from training.cache.datamodule import open_data_module
from training.cache.loader import Library
from training.cache.pack_reader import FORMAT, FRAMES, HEADER, PackedItem, PackHeader, spread
from training.cache.spec import CachedFrames as Copy
from training.cache.spec import CacheSpec
from training.config.cache import parse_size
from training.config.cli import add_cache_option, add_data_options, add_sections, config_from_options
from training.config.schema import Config
from training.data.auxiliary_classes import short_name
from training.data.dataset import Item
from training.data.splits import Split
from training.errors import TrainingError
from training.progress import track
from videoxception.clip import ClipSpec

_LOGGER = logging.getLogger(__name__)

_SAMPLE = 48  # items by which the size of a pack is foretold
_SHRINKS = (1.0, 5 / 6, 2 / 3, 1 / 2)


@dataclass(frozen=True, slots=True)
class Packing:
    """How small the copies are made: frames of a video, their size (height, width), and the JPEG quality."""

    frames: int
    size: tuple[int, int]
    quality: int

    def __str__(self) -> str:
        return f"up to {self.frames} frames of {self.size[0]}x{self.size[1]} at JPEG quality {self.quality}"


def add_pack(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `python -m training.cache pack`."""
    parser.add_argument("folder", type=Path, help="the pack to make, a folder")
    add_cache_option(parser)
    parser.add_argument("--megabytes", type=float, default=60.0, metavar="X", help="largest size (default: 60)")
    parser.add_argument("--frames", type=int, metavar="N", help="frames of a video (default: as many as fit)")
    parser.add_argument("--size", default="", metavar="HxW", help="size of a frame (default: the largest that fits)")
    parser.add_argument("--quality", type=int, metavar="Q", help="JPEG quality, 1 to 100 (default: the best that fits)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the split, which a run must repeat (default: 0)")
    add_data_options(parser)
    add_sections(parser, "cache")


def pack_command(options: argparse.Namespace) -> None:
    """Does what `python -m training.cache pack` was asked for. Raises `TrainingError`."""
    config = replace(config_from_options(options), seed=options.seed)
    material = open_data_module(config, ClipSpec(), options.cache)
    if options.folder.exists():
        raise TrainingError(f"{options.folder} is there already; remove it, or name another")
    library, split, skipped = material.load()
    packings = _packings(library.spec, options)
    try:
        pack(options.folder, material.config, library, split, packings, int(options.megabytes * 1e6))
    except OSError as error:
        raise TrainingError(f"{options.folder} cannot be written: {error.strerror or error}") from error
    for line in skipped:
        print(f"left out {line}")


def _packings(spec: CacheSpec, options: argparse.Namespace) -> list[Packing]:
    """What to try, the best first: sharpness goes before size, size before the moments between the clip's own."""
    if options.frames is not None and not 1 <= options.frames <= spec.frames:
        raise TrainingError(f"--frames must be from 1 to the cache's {spec.frames}, but got {options.frames}")
    if options.quality is not None and not 1 <= options.quality <= 100:
        raise TrainingError(f"--quality must be from 1 to 100, but got {options.quality}")
    counts = [options.frames] if options.frames else [spec.frames, min(spec.clip.frames, spec.frames)]
    sizes = [parse_size("--size", options.size)] if options.size else [_shrunk(spec.size, by) for by in _SHRINKS]
    qualities = [options.quality] if options.quality else [90, 80, 70]
    return [Packing(count, size, quality) for count in counts for size in sizes for quality in qualities]


def _shrunk(size: tuple[int, int], by: float) -> tuple[int, int]:
    return max(1, round(size[0] * by)), max(1, round(size[1] * by))


def pack(folder: Path, config: Config, library: Library, split: Split, packings: Sequence[Packing], limit: int) -> None:
    """Writes the first of the packings that stays below `limit` bytes. Raises `TrainingError` if none does."""
    items = [*split.training.items, *split.held_out]
    partial = folder.with_name(folder.name + ".partial")
    for packing in packings:
        foretold = _foretell(items, library, packing)
        if foretold <= limit and (size := _write(partial, config, library, split, packing)) <= limit:
            partial.rename(folder)
            _LOGGER.info(f"packed {len(items)} items into {folder}: {size / 1e6:.1f} MB, {packing}")
            _LOGGER.info(_dropped(library.spec, packing))
            return
        shutil.rmtree(partial, ignore_errors=True)
    raise TrainingError(
        f"{packings[-1]} of {len(items)} items take {foretold / 1e6:.1f} MB, over the {limit / 1e6:.1f} MB that a pack"
        f" may have: allow more with --megabytes, take fewer --classes, or make them smaller with --size"
    )


def _foretell(items: Sequence[Item], library: Library, packing: Packing) -> float:
    """About how many bytes all items will take, by some of them."""
    sample = items[:: max(1, len(items) // _SAMPLE)]
    taken = sum(len(jpeg) for item in sample for jpeg in _jpegs(library.copy(item.path), packing))
    return taken / len(sample) * len(items)


def _write(folder: Path, config: Config, library: Library, split: Split, packing: Packing) -> int:
    """Writes both files of a pack; how many bytes they take."""
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
    (folder / HEADER).write_text(header.model_dump_json())
    return sum(path.stat().st_size for path in folder.iterdir())


def _jpegs(copy: Copy, packing: Packing) -> Iterator[bytes]:
    """The frames of one item; a still has one, whatever the packing says."""
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
