import pytest

from tests.fuzz.harness import fuzz


@pytest.mark.parametrize("uploads", [200, pytest.param(3000, marks=pytest.mark.slow)])
def test_corrupted_files(uploads: int) -> None:
    """`scripts/fuzz` runs the same for longer, with other seeds; docs/explanation/reliability.md has its results."""
    findings = fuzz(uploads, seconds=300, seed=1)
    assert findings.wrong == []
    assert sum(findings.outcomes.values()) == uploads
    assert findings.good > 5
    warm = [rss for done, rss in findings.rss if done > 100]
    assert warm[-1] - warm[0] < 50_000  # KiB
