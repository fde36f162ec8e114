"""How a CPU runs a model: in which precision, and how many clips of a batch side by side, by measurement.

Each precision that the model has a graph for, and each split of the cores, is timed for a moment on the golden clips,
and must give their answers. The usual way is known beforehand; another is taken only where it wins clearly, so that
replicas on equal machines run alike. The outcome is kept for later starts (`kept_choices.py`).
"""

import logging
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from videoxception import golden
from videoxception.clip import Frames
from videoxception.cores import cores
from videoxception.engine.base import Choice, Engine, EngineError, Precision
from videoxception.engine.choice import Candidate, first_right, tried
from videoxception.engine.kept_choices import Measured, Pin, cpu_name, openvino_version, recall, remember
from videoxception.engine.openvino import OpenVINOEngine, possible_precisions, usual_precisions
from videoxception.engine.race import WIN, quiet_race, race, winner
from videoxception.store import Release

_WHO = {"asked": "asked for (VX_PRECISION)", "pinned": "pinned (choices.json)"}
_log = logging.getLogger(__name__)


def create_engine(
    release: Release,
    precision: Literal["auto"] | Precision,
    streams: int | None,
    cache: Path | None,
    pin: Pin | None,
) -> Engine:
    """Create the engine for a model on this CPU.

    What is asked for goes before what is pinned, and both before what was measured. Without a cache, nothing is
    measured for a precision that is fixed.

    Raises:
        EngineError: The precision that is asked for is not available, or no engine gives the golden answers.
    """
    asked, pin = None if precision == "auto" else precision, pin or Pin()
    measured = recall(release, cache)
    if measured is None and not pin.precision and (cache is not None or asked is None):
        measured = measure(release, cache)
        remember(release, measured, cache)
    usual = usual_precisions(release)
    wanted = asked or pin.precision or (measured.precision if measured else usual[0])
    choice = Choice(
        wanted,
        streams or pin.streams or (measured.streams if measured else None),
        "asked" if asked else "pinned" if pin.precision else "measured",
        measured.cpu_ms if measured else {},
    )
    _warn_if_slow(release, choice)
    others = [] if asked else [each for each in usual if each != wanted]
    choices = [replace(choice, precision=each) for each in (wanted, *others)]
    return first_right(release, "cpu", [_candidate(release, each, cache) for each in choices])


def measure(release: Release, cache: Path | None = None) -> Measured:
    """Time each precision, and then each split of the cores in the one that is taken.

    Raises:
        EngineError: The golden answers are right in no precision.
    """
    start = time.monotonic()
    engines = _right_engines(release, cache)
    clips = golden.draw(release.manifest.clip, release.manifest.golden.seed, max(2, cores()))
    # By CPU time, which other programs add little to, and which is what answers cost.
    work = race({precision: partial(engine.predict, clips) for precision, engine in engines.items()}, time.process_time)
    precision = winner(work)
    splits = _splits(engines[precision], clips)
    rates = quiet_race({streams: partial(engine.predict, clips) for streams, engine in splits.items()})
    measured = Measured(
        cpu=cpu_name(),
        openvino=openvino_version(),
        precision=precision,
        streams=winner(rates),
        cpu_ms={each: round(seconds / len(clips) * 1e3, 1) for each, seconds in work.items()},
        clips_per_second={streams: round(len(clips) / seconds, 1) for streams, seconds in rates.items()},
    )
    _log.info("%s was measured on this CPU within %.1f s: %s", release, time.monotonic() - start, measured)
    return measured


def _right_engines(release: Release, cache: Path | None) -> dict[Precision, OpenVINOEngine]:
    """Return an engine for each precision in which the golden answers are right, the usual precision first.

    Raises `EngineError` if there is none.
    """
    engines: dict[Precision, OpenVINOEngine] = {}
    for precision in possible_precisions(release):
        create = partial(OpenVINOEngine, release, precision, cache)
        engine = tried(release, "cpu", Candidate(f"OpenVINO in {precision}", create))
        if isinstance(engine, OpenVINOEngine):
            engines[precision] = engine
    if not engines:
        raise EngineError(f"{release} does not give its golden answers on this CPU; the log says how far they are off")
    return engines


def _splits(engine: OpenVINOEngine, clips: Frames) -> dict[int, OpenVINOEngine]:
    """Return the engine with each split of the cores that gives the same answers to the bit, its own split first."""
    counts = dict.fromkeys([engine.streams, 1, max(1, cores() // 2), cores()])
    engines = {streams: engine.with_streams(streams) for streams in counts}
    logits = engine.predict(clips)
    return {streams: each for streams, each in engines.items() if np.array_equal(each.predict(clips), logits)}


def _candidate(release: Release, choice: Choice, cache: Path | None) -> Candidate:
    return Candidate(f"OpenVINO in {choice}", partial(_create, release, choice, cache))


def _create(release: Release, choice: Choice, cache: Path | None) -> OpenVINOEngine:
    engine = OpenVINOEngine(release, choice.precision, cache, choice.streams)
    engine.choice = replace(choice, streams=engine.streams)
    return engine


def _warn_if_slow(release: Release, choice: Choice) -> None:
    """Log a warning if another precision was measured to be clearly faster than the one that is taken."""
    times = choice.cpu_ms
    if choice.precision not in times:
        return
    fastest = min(times, key=times.__getitem__)
    if choice.by != "measured" and times[fastest] * WIN <= times[choice.precision]:
        _log.warning(
            "%s runs in %s, which is %s, at %g CPU ms a clip; in %s it would be %g",
            *(release, choice.precision, _WHO[choice.by], times[choice.precision], fastest, times[fastest]),
        )
