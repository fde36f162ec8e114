"""The architectures, one family a file, and `create`, which builds one by its name. Needs `videoxception[torch]`."""

from collections.abc import Callable

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
    """The architectures that `create` knows."""
    return sorted(_BUILDERS)


def create(name: str, num_classes: int, *, auxiliary: int = 0, **arguments: object) -> nn.Module:
    """A freshly initialised network: float clips (B, 3, T, H, W) in 0..1 -> logits (B, num_classes + auxiliary).

    `auxiliary` is the number of classes that no answer names, which are learnt so that videos of something else can be
    told (`background.py`). `arguments` are the architecture's own (`dropout=0.5`). Raises `ValueError` for an unknown
    name.
    """
    if name not in _BUILDERS:
        raise ValueError(f"no architecture is called {name!r}; there are {', '.join(names())}")
    return _BUILDERS[name](num_classes + auxiliary, **arguments)
