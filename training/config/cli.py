"""Command-line options made of dataclass fields, so that a setting is described once."""

import argparse
import dataclasses
import types
import typing
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from training.config.data import DataConfig
from training.config.schema import SECTIONS, Config
from training.config.stages import Stage, parse_stages


def add_options(parser: argparse.ArgumentParser, defaults: Config | None = None) -> None:
    """Add an option for every field of `Config` and of its sections, with its help and its value in `defaults`."""
    _add_fields(parser.add_argument_group("run"), defaults or Config())
    add_sections(parser, *SECTIONS, defaults=defaults)


def add_data_options(
    parser: argparse.ArgumentParser,
    leave_out: Collection[str] = (),
    required: Collection[str] = (),
    undefaulted: Collection[str] = (),
) -> None:
    """Add the options that name a data set and choose from it, all fields of `DataConfig` but those left out.

    Args:
        undefaulted: options that are empty unless given; the command asks for them where it needs them.
    """
    _add_fields(parser.add_argument_group("data"), DataConfig(), leave_out, required, undefaulted)


def add_cache_option(parser: argparse.ArgumentParser) -> None:
    """Add --cache, which names a folder."""
    place = "caches/<name of the data>-<fingerprint of its path and the copies>"
    parser.add_argument("--cache", type=Path, metavar="DIR", help=f"folder of the cache, or a pack (default: {place})")


def data_config_from_options(options: argparse.Namespace, **settled: Any) -> DataConfig:
    """Return the data set that the options of `add_data_options` describe.

    Args:
        settled: fields that are not taken from the options.

    Raises:
        TrainingError: values do not fit.
    """
    return DataConfig(**_given(DataConfig, vars(options)) | settled)


def add_sections(parser: argparse.ArgumentParser, *names: str, defaults: Config | None = None) -> None:
    """Add the options of some sections of `Config`."""
    for name in names:
        _add_fields(parser.add_argument_group(name), getattr(defaults or Config(), name))


def config_from_options(options: argparse.Namespace) -> Config:
    """Return the config that the options describe; sections that the parser was not given have their defaults.

    Raises:
        TrainingError: values do not fit.
    """
    given = vars(options)
    return Config(
        **_given(Config, given),
        **{name: kind(**_given(kind, given)) for name, kind in SECTIONS.items()},
    )


def _given(kind: type, given: dict[str, Any]) -> dict[str, Any]:
    return {f.name: given[f.name] for f in dataclasses.fields(kind) if "help" in f.metadata and f.name in given}


def _add_fields(
    group: argparse._ArgumentGroup,
    defaults: Any,
    leave_out: Collection[str] = (),
    required: Collection[str] = (),
    undefaulted: Collection[str] = (),
) -> None:
    hints = typing.get_type_hints(type(defaults))
    for field in dataclasses.fields(defaults):
        if "help" not in field.metadata or field.name in leave_out:
            continue
        default = "" if field.name in undefaulted else getattr(defaults, field.name)
        name = "--" + field.name.replace("_", "-")
        needed = field.name in required
        text = field.metadata["help"].replace("%", "%%") + ("" if needed else _shown(default))
        if hints[field.name] is bool:
            group.add_argument(name, action=argparse.BooleanOptionalAction, default=default, help=text)
        else:
            hint = hints[field.name]
            metavar = _metavar(hint)
            group.add_argument(name, type=_parser(hint), default=default, help=text, metavar=metavar, required=needed)


def _shown(default: Any) -> str:
    if default is None or default in ("", ()):
        return ""
    if isinstance(default, tuple):
        return f" (default: {','.join(map(str, default))})"
    return f" (default: {default})"


def _metavar(hint: Any) -> str:
    """Return what stands for an option's value in its help."""
    if hint == tuple[str, ...]:
        return "NAMES"
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return {int: "N", float: "X"}.get(kinds[0], "TEXT")


def _parser(hint: Any) -> Callable[[str], Any]:
    if hint == tuple[Stage, ...]:
        return parse_stages
    if hint == tuple[str, ...]:
        return lambda text: tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(hint, types.UnionType):  # int | None
        return typing.cast(Callable[[str], Any], typing.get_args(hint)[0])
    return typing.cast(Callable[[str], Any], hint)
