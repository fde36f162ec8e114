"""The whole library in one line: `Classifier.load("videoxception-a").predict("clip.mp4")`."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

from videoxception import engine as engines
from videoxception.answer import Answer, answer
from videoxception.clip import Clip
from videoxception.engine import Engine
from videoxception.store import ModelStore, Release
from videoxception.video import Limits, decode


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer to a video, and the clip that it was given for."""

    answer: Answer
    clip: Clip


class Classifier:
    """A released model with its engine: video files in, answers out. Safe to use from several threads."""

    def __init__(self, release: Release, engine: Engine, limits: Limits | None = None) -> None:
        self.release = release
        self.engine = engine
        self.limits = limits or Limits()

    @classmethod
    def load(
        cls,
        model: str = "",
        *,
        store: ModelStore | None = None,
        device: str = "auto",
        precision: Literal["auto", "f32", "bf16"] = "auto",
    ) -> "Classifier":
        """The released model "name@version", the newest of "name", or the default one, ready to answer.

        Raises `StoreError` if it is not there or damaged, and `EngineError` if it cannot run here.
        """
        release = (store or ModelStore()).load(model)
        return cls(release, engines.create(release, device, precision))

    @property
    def classes(self) -> list[str]:
        """The actions, in the order of the model's outputs."""
        return self.release.manifest.classes

    def predict(self, path: str | PathLike[str]) -> Prediction:
        """The answer to a video file. Raises `VideoError` if it holds no clip, `OSError` if it cannot be read."""
        clip = decode(Path(path), self.release.manifest.clip, self.limits)
        return Prediction(answer(self.release.manifest, self.engine.predict(clip.frames[None])[0]), clip)
