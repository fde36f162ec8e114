from pathlib import Path

from benchmarks.models import draw, points
from tests.shipped import DEFAULT, SHIPPED


def test_models_are_drawn_by_what_their_cards_say(tmp_path: Path) -> None:
    """The small model is of a release that does not say what it costs; its architecture does."""
    cheap, dear = points([SHIPPED.manifest, DEFAULT.manifest])
    assert (cheap.name, dear.name) == (str(DEFAULT), str(SHIPPED))
    assert DEFAULT.manifest.cost is not None
    assert cheap.multiply_adds == DEFAULT.manifest.cost.multiply_adds
    assert dear.multiply_adds > cheap.multiply_adds
    assert DEFAULT.manifest.metrics is not None
    assert (cheap.top1, cheap.interval) == (DEFAULT.manifest.metrics.top1, DEFAULT.manifest.metrics.intervals["top1"])
    draw([cheap, dear], tmp_path / "models.svg")
    assert (tmp_path / "models.svg").stat().st_size > 1000
