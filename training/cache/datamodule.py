"""The data of a run: a split of a data set, and where its pixels come from."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from training.cache.build import prepare
from training.cache.loader import Library
from training.cache.location import locate, settings
from training.cache.pack_reader import Pack, is_pack
from training.cache.spec import CacheSpec
from training.config.schema import Config
from training.data.loading import open_dataset
from training.data.splits import Split
from training.data.survey import Survey, count_items

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DataModule:
    """The data of a run, before anything is decoded.

    Attributes:
        config: the run's, with everything settled that the data set and the cache or pack decide.
        load: decodes what the cache lacks, which may take long; gives the pixels, the split without the files that
            cannot be decoded, and a line for each of those.
        survey: looks what lies in the data set's folders.
    """

    config: Config
    load: Callable[[], tuple[Library, Split, list[str]]]
    survey: Callable[[], Survey]


def open_data_module(config: Config, cache: Path | None) -> DataModule:
    """Open the data that the config and the folder of --cache name.

    Raises:
        TrainingError: data set, config and cache do not go together. Nothing was decoded then.
    """
    if cache is not None and is_pack(cache):
        return _packed(Pack(cache), config)
    dataset = open_dataset(config.data)
    split = dataset.split(config.seed)
    folder, larger = locate(Path(config.data.data), config.clip, config.cache, cache)
    settled = replace(config, data=dataset.config, cache=settings(larger))
    return DataModule(settled, lambda: _cached(folder, larger, split, config.data.skip_bad), dataset.survey)


def _packed(pack: Pack, config: Config) -> DataModule:
    settled = pack.config(config)
    split = pack.split(settled)

    def load() -> tuple[Library, Split, list[str]]:
        _LOGGER.info(f"from the pack {pack.folder}: {pack.header.dropped}")
        return pack.load(), split, []

    items = (*split.training.items, *split.held_out)
    return DataModule(settled, load, lambda: Survey((count_items("classes", split.training.classes, items),), ()))


def _cached(folder: Path, spec: CacheSpec, split: Split, skip_bad: bool) -> tuple[Library, Split, list[str]]:
    paths = [item.path for item in (*split.training.items, *split.held_out)]
    cache, bad = prepare(folder, spec, paths, skip_bad)
    training, validation, auxiliary = (
        part.where(lambda item: item.path not in bad) for part in (split.training, split.validation, split.auxiliary)
    )
    kept = replace(split, training=training, validation=validation, auxiliary=auxiliary)
    return cache, kept, [f"{path}: {error}" for path, error in bad.items()]
