"""The engine that a model gets: the first of several that can be created and gives the model's golden answers."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from videoxception import golden
from videoxception.engine.base import Engine, EngineError, Unsuitable
from videoxception.store import Release

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to run a model: a name for the log, and what creates the engine."""

    name: str
    create: Callable[[], Engine]


def first_right(release: Release, device: str, candidates: Sequence[Candidate]) -> Engine:
    """Create the first engine that gives the golden answers; each that does not is one line in the log.

    That line is an error, or a warning where the engine was not made for this card or what it needs is not installed.

    Raises:
        EngineError: The last candidate fails, too.
    """
    *others, last = candidates
    for candidate in others:
        engine = tried(release, device, candidate)
        if engine is not None:
            _log_start(release, device, candidate)
            return engine
    engine = _checked(release, device, last)
    _log_start(release, device, last)
    return engine


def tried(release: Release, device: str, candidate: Candidate) -> Engine | None:
    """Create an engine that gives the golden answers; return None, and log why, if there is none."""
    try:
        return _checked(release, device, candidate)
    except EngineError as error:
        level = logging.WARNING if isinstance(error, Unsuitable) else logging.ERROR
        _log.log(level, "%s is not run by %s: %s", release, candidate.name, error)
    return None


def _checked(release: Release, device: str, candidate: Candidate) -> Engine:
    """Create an engine and check its golden answers, which warms it up, too. Raises `EngineError`."""
    try:
        engine = candidate.create()
        golden.check(engine, release.manifest)
    except EngineError:
        raise
    except ImportError as error:
        raise Unsuitable(str(error)) from error
    except Exception as error:  # drivers and compilers have no common class of errors
        raise EngineError(f"{release} does not run on {device}: {str(error) or type(error).__name__}") from error
    return engine


def _log_start(release: Release, device: str, candidate: Candidate) -> None:
    _log.debug("%s runs on %s by %s", release, device, candidate.name)
