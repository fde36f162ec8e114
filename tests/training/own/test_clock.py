import pytest

from training.own import clock
from training.own.clock import Clock


def test_time_is_kept_for_what_comes_after_the_features(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(clock.time, "monotonic", lambda: now[0])
    counted = Clock(20, started=0.0)
    assert counted.for_features == 1200 - 60 - 180
    now[0] = 600.0
    assert counted.for_features == 600 - 240
    assert str(counted) == "0:10:00 of 20 minutes left"
    now[0] = 1300.0
    assert str(counted) == "the time is over"
    assert Clock(1, started=now[0]).for_features == 30  # half, if that is less
