"""VideoXception: tells which of 16 human actions a video shows.

from videoxception import Classifier

classifier = Classifier.load("videoxception-a")
print(classifier.predict("clip.mp4").answer.label)

The names below are imported on first use: training from a cache needs no decoder and no server, and a client needs no
extra.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from videoxception.extras import MissingExtra
from videoxception.quiet import block_telemetry

if TYPE_CHECKING:
    from videoxception.actions import ACTIONS
    from videoxception.answer import Answer
    from videoxception.answer_sets import CoverageError
    from videoxception.classifier import Classifier, Prediction, TimelinePrediction
    from videoxception.clip import Clip, ClipSpec
    from videoxception.engine import EngineError
    from videoxception.store import ModelStore, Release, StoreError
    from videoxception.timeline import Entry, Segment
    from videoxception.video import Limits, VideoError

__all__ = [
    "ACTIONS",
    "Answer",
    "Classifier",
    "Clip",
    "ClipSpec",
    "CoverageError",
    "EngineError",
    "Entry",
    "Limits",
    "ModelStore",
    "Prediction",
    "Release",
    "Segment",
    "StoreError",
    "TimelinePrediction",
    "VideoError",
]

_HOMES = {
    "ACTIONS": "actions",
    "Answer": "answer",
    "Classifier": "classifier",
    "Clip": "clip",
    "ClipSpec": "clip",
    "CoverageError": "answer_sets",
    "EngineError": "engine",
    "Entry": "timeline",
    "Limits": "video",
    "ModelStore": "store",
    "Prediction": "classifier",
    "Release": "store",
    "Segment": "timeline",
    "StoreError": "store",
    "TimelinePrediction": "classifier",
    "VideoError": "video",
}


block_telemetry()


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(f"{__name__}.{_HOMES[name]}")
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{__name__}.{name}", error.name, "cpu") from error
    return getattr(home, name)
