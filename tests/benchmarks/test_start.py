from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from benchmarks import start
from benchmarks.service.client import Request
from benchmarks.service.contestants import Contestant, contestants
from benchmarks.service.running import Running
from tests.shipped import REFERENCE


def test_starts_are_timed_without_and_with_a_kept_model(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Path]] = []
    run = start.run

    def spy(contestant: Contestant, request: Request) -> AbstractContextManager[Running]:
        seen.append(list(Path(contestant.settings["VX_CACHE_DIR"]).iterdir()))
        return run(contestant, request)

    monkeypatch.setattr(start, "run", spy)
    (ours,) = contestants(REFERENCE, None)
    first, second = start.starts(ours, 1)
    assert 0.1 < first[0] < 60
    assert 0.1 < second[0] < 60
    assert not seen[0]
    assert seen[1]


def test_goals_are_about_medians() -> None:
    assert [goal.outcome for goal in start.goals([1.9, 1.0, 9.0], [1.1, 0.9, 1.2])] == ["met", "missed"]
