"""Command-line options made of dataclass fields, so that a setting is described once."""

import argparse
import dataclasses
import types
import typing
from collections.abc import Callable
from typing import Any

from training.config.schema import SECTIONS, Config, Stage, parse_stages


def add_options(parser: argparse.ArgumentParser, defaults: Config | None = None) -> None:
    """Adds an option for every field of `Config` and of its sections, with its help and its value in `defaults`."""
    _add_fields(parser.add_argument_group("run"), defaults or Config())
    add_sections(parser, *SECTIONS, defaults=defaults)


def add_sections(parser: argparse.ArgumentParser, *names: str, defaults: Config | None = None) -> None:
    """Adds the options of some sections of `Config`."""
    for name in names:
        _add_fields(parser.add_argument_group(name), getattr(defaults or Config(), name))


def config_from_options(options: argparse.Namespace) -> Config:
    """The config that the options describe; sections that the parser was not given are as they are by default.

    Raises `TrainingError` for values that do not fit.
    """
    given = vars(options)
    return Config(
        **_given(Config, given),
        **{name: kind(**_given(kind, given)) for name, kind in SECTIONS.items()},
    )


def _given(kind: type, given: dict[str, Any]) -> dict[str, Any]:
    return {f.name: given[f.name] for f in dataclasses.fields(kind) if "help" in f.metadata and f.name in given}


def _add_fields(group: argparse._ArgumentGroup, defaults: Any) -> None:
    hints = typing.get_type_hints(type(defaults))
    for field in dataclasses.fields(defaults):
        if "help" not in field.metadata:
            continue
        default, name = getattr(defaults, field.name), "--" + field.name.replace("_", "-")
        text = field.metadata["help"].replace("%", "%%") + _shown(default)
        if hints[field.name] is bool:
            group.add_argument(name, action=argparse.BooleanOptionalAction, default=default, help=text)
        else:
            group.add_argument(name, type=_parser(hints[field.name]), default=default, help=text, metavar="X")


def _shown(default: Any) -> str:
    if default is None or default in ("", ()):
        return ""
    if isinstance(default, tuple):
        return f" (default: {','.join(map(str, default))})"
    return f" (default: {default})"


def _parser(hint: Any) -> Callable[[str], Any]:
    if hint == tuple[Stage, ...]:
        return parse_stages
    if hint == tuple[str, ...]:
        return lambda text: tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(hint, types.UnionType):  # int | None
        return typing.cast(Callable[[str], Any], typing.get_args(hint)[0])
    return typing.cast(Callable[[str], Any], hint)
