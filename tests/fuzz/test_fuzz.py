from tests.fuzz.harness import fuzz


def test_a_minute_of_spoilt_files() -> None:
    """`scripts/fuzz` runs the same for longer, with other seeds; docs/explanation/reliability.md has its results."""
    findings = fuzz(uploads=3000, seconds=60, seed=1)
    assert findings.wrong == []
    assert sum(findings.outcomes.values()) > 100
    assert findings.good > 5
    warm = [rss for done, rss in findings.rss if done > 100]
    assert warm[-1] - warm[0] < 50_000  # KiB
