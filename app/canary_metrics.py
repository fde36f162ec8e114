"""Prometheus metrics of the canary: counts and sums of pairs; `videoxception canary` makes intervals of their log."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from videoxception.canary.pairs import Pair

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_CONFIDENCES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)
_KNOWN = {(True, True): "both", (True, False): "default", (False, True): "canary", (False, False): "neither"}


class CanaryMetrics:
    """Counters and histograms of what both models said of the same uploads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._up = Gauge("videoxception_canary_up", "1 while the canary answers, else 0.", ["model"], registry=registry)
        self._pairs = Counter(
            "videoxception_canary_pairs",
            "Uploads that both models answered: whether they agree, and who calls it known.",
            ["agree", "known"],
            registry=registry,
        )
        self._confidence = Histogram(
            "videoxception_canary_confidence",
            "Confidences of both models in the same uploads.",
            ["by"],
            buckets=_CONFIDENCES,
            registry=registry,
        )
        self._seconds = Histogram(
            "videoxception_canary_engine_seconds",
            "What the engines of both took for the same clip, one at a time.",
            ["by"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._dropped = Counter(
            "videoxception_canary_dropped",
            "Uploads that were drawn, and not answered by the canary.",
            ["reason"],
            registry=registry,
        )

    def note_up(self, model: str, up: bool) -> None:
        """Note whether the canary answers."""
        self._up.labels(model).set(up)

    def note_pair(self, pair: Pair) -> None:
        """Count an upload that both have answered."""
        known = _KNOWN[pair.default.known, pair.canary.known]
        self._pairs.labels(str(pair.agree).lower(), known).inc()
        for by, said in (("default", pair.default), ("canary", pair.canary)):
            self._confidence.labels(by).observe(said.confidence)
            self._seconds.labels(by).observe(said.ms / 1000)

    def note_dropped(self, reason: str) -> None:
        """Count an upload that was drawn in vain: "full", "busy", "large" or "failed"."""
        self._dropped.labels(reason).inc()
