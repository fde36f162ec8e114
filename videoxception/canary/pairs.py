"""Pairs: what the default model and the canary said of the same upload, a JSON object a line.

A line has nothing of the upload: neither a name nor a hash, a size or a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

HASH_DIGITS = 12
"""Of a model's hash: they tell apart releases that had the same version one after the other."""

Models = tuple[str, str, str, str]
"""The default model's name@version and hash, and the canary's."""


class CanaryError(Exception):
    """There is nothing to judge, or what was decided cannot be done; the message says what to do."""


class Said(BaseModel):
    """What one model said; `ms` is what its engine took for the clip by itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str  # name@version
    sha256: str  # the first digits of the hash of its weights
    label: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    known: bool
    ms: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Pair(BaseModel):
    """What both models said of one upload."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Said
    canary: Said

    @property
    def agree(self) -> bool:
        """Whether both name the same label, or neither knows any."""
        return self.default.label == self.canary.label or not (self.default.known or self.canary.known)

    @property
    def models(self) -> Models:
        """Which models they are."""
        return self.default.model, self.default.sha256, self.canary.model, self.canary.sha256


@dataclass(frozen=True, slots=True)
class Log:
    """The pairs of two models in a file, how many pairs of others there were, and lines that are no pairs."""

    models: Models
    pairs: tuple[Pair, ...]
    others: int
    unreadable: int


def read_log(path: Path, names: Sequence[str] = ()) -> Log:
    """Read the pairs of the two models that were paired last; with `names` (name@version), of the last two so called.

    A line that was cut off, as by a full disk, is counted and left out.

    Raises:
        CanaryError: the file cannot be read, or has no such pair.
    """
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        raise CanaryError(
            f"{path} cannot be read ({error.strerror}); --log takes the file of the service's VX_CANARY_LOG"
        ) from error
    found = [pair for pair in map(_read, lines) if pair is not None]
    fitting = [pair for pair in found if tuple(names) in ((), (pair.default.model, pair.canary.model))]
    if not fitting:
        raise CanaryError(f"{path} has no pairs{_of(names, found)}")
    models = fitting[-1].models
    kept = tuple(pair for pair in fitting if pair.models == models)
    return Log(models, kept, len(found) - len(kept), len(lines) - len(found))


def _read(line: str) -> Pair | None:
    try:
        return Pair.model_validate_json(line)
    except ValidationError:
        return None


def _of(names: Sequence[str], found: Iterable[Pair]) -> str:
    if not names:
        return " yet; the service writes one for each upload that both models have answered"
    there = sorted({f"{pair.default.model} and {pair.canary.model}" for pair in found})
    return f" of {' and '.join(names)}; it has those of {', '.join(there) or 'none'}"
