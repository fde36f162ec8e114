"""Waiting for what another thread or process does, however busy the machine is."""

import time
from collections.abc import Callable

LONG = 120.0  # seconds; nothing takes so long unless it fails


def until(true: Callable[[], bool], seconds: float = LONG) -> None:
    """Return as soon as a condition holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
