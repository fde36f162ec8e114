"""The architectures, one family a file, and `create`, which builds one by its name. Needs `videoxception[torch]`."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

from videoxception.nets.registry import ARCHITECTURES, NetInfo, info

if TYPE_CHECKING:  # the registry is read where there is no torch
    from torch import nn


class ArgumentError(ValueError):
    """An architecture takes no such argument, or none of that type."""


def names() -> list[str]:
    """Return the names of the architectures that `create` builds."""
    return sorted(ARCHITECTURES)


def create(name: str, num_classes: int, *, auxiliary: int = 0, **arguments: object) -> "nn.Module":
    """Create a freshly initialised network.

    Args:
        name: One of `names()`.
        num_classes: Number of classes that it predicts.
        auxiliary: Number of classes that it is trained on and never predicts; they detect out-of-distribution videos
            (`background.py`).
        arguments: The architecture's own (`dropout=0.5`).

    Returns:
        A module that maps float clips (B, 3, T, H, W), scaled as `info(name).clip` says, to logits
        (B, num_classes + auxiliary).

    Raises:
        ValueError: The name is unknown, or the architecture takes no such argument (`ArgumentError`).
    """
    known = info(name)
    builder = _builder(known)
    kinds = {each.name: each.annotation for each in _parameters(builder, known)}
    _check_arguments(name, kinds, arguments)
    return builder(num_classes + auxiliary, **known.preset, **arguments)


def takes(name: str, argument: str) -> bool:
    """Return whether an architecture has an argument of that name. Raises `ValueError` for an unknown architecture."""
    return argument in default_arguments(name)


def default_arguments(name: str) -> dict[str, object]:
    """Return an architecture's own arguments and their defaults. Raises `ValueError` for an unknown architecture."""
    known = info(name)
    return {each.name: each.default for each in _parameters(_builder(known), known)}


def _builder(known: NetInfo) -> "Callable[..., nn.Module]":
    module, _, function = known.builder.partition(":")
    return cast("Callable[..., nn.Module]", getattr(import_module(f"videoxception.nets.{module}"), function))


def _parameters(builder: "Callable[..., nn.Module]", known: NetInfo) -> list[inspect.Parameter]:
    """Return what a builder takes of its caller."""
    _, *parameters = inspect.signature(builder).parameters.values()  # the first is the number of outputs
    return [each for each in parameters if each.name not in known.preset]


def _check_arguments(name: str, kinds: Mapping[str, type], arguments: Mapping[str, object]) -> None:
    """Raise `ArgumentError` for one that an architecture's builder has not, or that is of another type."""
    for argument, value in arguments.items():
        if argument not in kinds:
            raise ArgumentError(f"{name} takes no argument {argument!r}; it takes {', '.join(kinds)}")
        kind = kinds[argument]
        if type(value) not in ((int, float) if kind is float else (kind,)):
            raise ArgumentError(f"{argument} of {name} must be of type {kind.__name__}, but got {value!r}")
