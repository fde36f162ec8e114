"""Build a cache before any run needs it, show what is in one, or pack one for another machine.

python -m training.cache build --layout ucf101 --data UCF-101 --annotations ucfTrainTestlist --cache /big/ucf101
python -m training.cache show /big/ucf101 --verify
python -m training.cache pack ucf101.pack --layout ucf101 --data UCF-101 --annotations ucfTrainTestlist
python -m training.run --cache ucf101.pack --no-publish          on a machine without the videos or a decoder

A run from a pack, its folder carried back to where the data are, is released by python -m training.publish.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training.cache.build import gigabytes, prepare
from training.cache.datamodule import open_data_module
from training.cache.location import locate
from training.cache.pack_writer import write_pack
from training.cache.packing import packings
from training.cache.store import Cache
from training.config.cli import add_cache_option, add_data_options, add_sections, config_from_options
from training.config.console import show_log
from training.data.dataset import Part
from training.data.loading import open_dataset
from training.errors import TrainingError

_TRAINED_FROM: tuple[Part, ...] = ("train", "val")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.cache`."""
    show_log()
    options = _parse(arguments)
    try:
        options.command(options)
    except TrainingError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nstopped; what was decoded is kept, and the same command goes on from there")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.cache", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build", help="decode what a cache lacks of a data set")
    add_cache_option(build)
    build.add_argument("--processes", type=int, default=0, metavar="N", help="decoder processes (default: one a core)")
    add_data_options(build)
    add_sections(build, "clip_shape", "cache")
    build.set_defaults(command=_build)
    show = commands.add_parser("show", help="say what a cache holds")
    show.add_argument("cache", type=Path, metavar="DIR", help="folder of the cache")
    show.add_argument("--verify", action="store_true", help="also read all of it, and compare with the checksums")
    show.set_defaults(command=_show)
    pack = commands.add_parser("pack", help="make a small copy of a cache, to train from elsewhere")
    _add_pack_options(pack)
    pack.set_defaults(command=_pack)
    return parser.parse_args(arguments)


def _add_pack_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="the pack to make, a folder")
    add_cache_option(parser)
    parser.add_argument("--megabytes", type=float, default=60.0, metavar="X", help="largest size (default: 60)")
    parser.add_argument("--frames", type=int, metavar="N", help="frames of a video (default: as many as fit)")
    parser.add_argument("--size", default="", metavar="HxW", help="size of a frame (default: the largest that fits)")
    parser.add_argument("--quality", type=int, metavar="Q", help="JPEG quality, 1 to 100 (default: the best that fits)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the split, which a run must repeat (default: 0)")
    add_data_options(parser)
    add_sections(parser, "clip_shape", "cache")


def _build(options: argparse.Namespace) -> None:
    config = config_from_options(options)
    dataset = open_dataset(config.data)
    folder, spec = locate(Path(config.data.data), config.clip, config.cache, options.cache)
    # Evaluation decodes the test part by itself.
    paths = [item.path for part in _TRAINED_FROM for item in dataset.part(part).items]
    _, bad = prepare(folder, spec, paths, config.data.skip_bad, options.processes)
    print(f"{folder} holds {len(paths) - len(bad)} of {len(paths)} files")
    for path, error in bad.items():
        print(f"skipped {path}: {error}")


def _show(options: argparse.Namespace) -> None:
    cache = Cache.open(options.cache)
    entries = cache.entries.values()
    places = {entry.place for entry in entries if entry.place is not None}
    used = sum(place.end - place.offset for place in places)
    stored = sum(path.stat().st_size for path in options.cache.glob("pixels-*.u8"))
    held = sum(entry.place is not None for entry in entries)
    print(f"{options.cache}: {held} files, {cache.spec} and the exact clips")
    print(f"{gigabytes(stored)} of pixels; {gigabytes(stored - used)} are left of changed files and killed builds")
    for entry in entries:
        if entry.place is None:
            print(f"not decoded: {entry.path}: {entry.error}")
    if options.verify:
        _verify(cache)


def _pack(options: argparse.Namespace) -> None:
    config = replace(config_from_options(options), seed=options.seed)
    data = open_data_module(config, options.cache)
    if options.folder.exists():
        raise TrainingError(f"{options.folder} is there already; remove it, or name another")
    library, split, skipped = data.load()
    tried = packings(library.spec, options.frames, options.size, options.quality)
    try:
        write_pack(options.folder, data.config, library, split, tried, int(options.megabytes * 1e6))
    except OSError as error:
        raise TrainingError(f"{options.folder} cannot be written: {error.strerror or error}") from error
    for line in skipped:
        print(f"left out {line}")


def _verify(cache: Cache) -> None:
    damaged = list(cache.damaged())
    if damaged:
        listed = "".join(f"\n  {path}" for path in damaged)
        raise TrainingError(f"{len(damaged)} entries are damaged; remove {cache.folder} and build it again:{listed}")
    print("all pixels are as they were written")


if __name__ == "__main__":
    main()
