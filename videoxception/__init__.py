"""VideoXception: tells which of 16 human actions a video shows.

from videoxception import Classifier

classifier = Classifier.load("videoxception-a")
print(classifier.predict("clip.mp4").answer.label)
"""

from videoxception.actions import ACTIONS
from videoxception.answer import Answer
from videoxception.classifier import Classifier, Prediction
from videoxception.clip import Clip, ClipSpec
from videoxception.engine import EngineError
from videoxception.store import ModelStore, Release, StoreError
from videoxception.video import Limits, VideoError

__all__ = [
    "ACTIONS",
    "Answer",
    "Classifier",
    "Clip",
    "ClipSpec",
    "EngineError",
    "Limits",
    "ModelStore",
    "Prediction",
    "Release",
    "StoreError",
    "VideoError",
]
