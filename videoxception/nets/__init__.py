"""The architectures, one family a file, and `create`, which builds one by its name. Needs `videoxception[torch]`."""

import inspect
from collections.abc import Callable, Mapping

from torch import nn

from videoxception.nets.videoxception import videoxception_a, videoxception_b
from videoxception.nets.videoxception_c import videoxception_c, videoxception_d

_BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "videoxception-a": videoxception_a,
    "videoxception-b": videoxception_b,
    "videoxception-c": videoxception_c,
    "videoxception-d": videoxception_d,
}


def names() -> list[str]:
    """Return the names of the architectures that `create` builds."""
    return sorted(_BUILDERS)


def create(name: str, num_classes: int, *, auxiliary: int = 0, **arguments: object) -> nn.Module:
    """Create a freshly initialised network.

    Args:
        name: One of `names()`.
        num_classes: Number of classes that it predicts.
        auxiliary: Number of classes that it is trained on and never predicts; they detect out-of-distribution videos
            (`background.py`).
        arguments: The architecture's own (`dropout=0.5`).

    Returns:
        A module that maps float clips (B, 3, T, H, W) in 0..1 to logits (B, num_classes + auxiliary).

    Raises:
        ValueError: The name is unknown, or the architecture takes no such argument.
    """
    if name not in _BUILDERS:
        raise ValueError(f"no architecture is called {name!r}; there are {', '.join(names())}")
    _check_arguments(name, arguments)
    return _BUILDERS[name](num_classes + auxiliary, **arguments)


def _check_arguments(name: str, arguments: Mapping[str, object]) -> None:
    """Raise `ValueError` for an argument that an architecture's builder has not, or that is of another type."""
    _, *parameters = inspect.signature(_BUILDERS[name]).parameters.values()  # the first is the number of outputs
    kinds = {parameter.name: parameter.annotation for parameter in parameters}
    for argument, value in arguments.items():
        if argument not in kinds:
            raise ValueError(f"{name} takes no argument {argument!r}; it takes {', '.join(kinds)}")
        kind = kinds[argument]
        if type(value) not in ((int, float) if kind is float else (kind,)):
            raise ValueError(f"{argument} of {name} must be of type {kind.__name__}, but got {value!r}")
