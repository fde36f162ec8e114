"""Settings that the command line offers: dataclass fields with a help text, and checks that several of them need."""

from dataclasses import field
from typing import Any

from training.errors import TrainingError


def option(default: Any, text: str) -> Any:
    """Return a dataclass field that the command line offers, with its help text."""
    return field(default=default, metadata={"help": text})


def check_shares(config: Any, *names: str) -> None:
    """Raise `TrainingError` for a field that is not between 0 and 1."""
    for name in names:
        if not 0 <= getattr(config, name) <= 1:
            raise TrainingError(f"--{name.replace('_', '-')} must be from 0 to 1, but got {getattr(config, name)}")
