"""The time that a person gives for everything."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

_RELEASE = 60.0  # seconds that are kept for heads, figures and graph, and beside them
_RELEASE_SHARE = 0.15  # of the whole, for a machine that does other work as well


@dataclass(frozen=True, slots=True)
class Clock:
    """Counts down from so many minutes."""

    minutes: float
    started: float = field(default_factory=time.monotonic)

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def for_features(self) -> float:
        """Seconds that may still go into features, so that what comes after them fits too."""
        seconds = 60 * self.minutes
        return seconds - self.passed - min(_RELEASE + _RELEASE_SHARE * seconds, seconds / 2)

    def __str__(self) -> str:
        left = timedelta(seconds=round(60 * self.minutes - self.passed))
        return f"{left} of {self.minutes:g} minutes left" if left > timedelta() else "the time is over"
