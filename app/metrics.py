"""Prometheus metrics of requests, counted as they end. docs/reference/metrics.md says what each one is for."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)

from app.access_log import RequestRecord
from app.canary_metrics import CanaryMetrics
from videoxception.video.limits import CODECS

disable_created_metrics()  # type: ignore[no-untyped-call]  # they add an unused second series to each metric

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_CLIPS = (1, 2, 4, 8, 16, 32, 64)
_BYTES = tuple(2.0**power for power in range(14, 30))  # 16 KiB to 512 MiB


class Metrics:
    """Counters and histograms of one service, in a registry of their own. No label's value is a client's choice."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "videoxception_requests",
            "Requests that ended; the reason is the problem's kind, empty if there was none.",
            ["route", "outcome", "reason"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "videoxception_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._stages = Histogram(
            "videoxception_stage_seconds",
            "Stages of an answer: upload, queue (for a decoder), decode, batch (queue for the engine), infer.",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._uploads = Histogram(
            "videoxception_upload_bytes", "Sizes of complete uploads.", buckets=_BYTES, registry=self.registry
        )
        self._decodes = Counter(
            "videoxception_decodes",
            "Videos that were decoded: planned, straight through, or from their key frames alone.",
            ["codec", "way"],
            registry=self.registry,
        )
        self._answers = Counter(
            "videoxception_answers",
            "Answers by where they came from: hit (kept), shared (with a request at the same time), miss, off.",
            ["cache"],
            registry=self.registry,
        )
        self._batches = Histogram(
            "videoxception_batch_clips",
            "Clips that the engine was given at once.",
            buckets=_CLIPS,
            registry=self.registry,
        )

        self._crowding = Counter(
            "videoxception_connections_over_limit",
            "Connections over what descriptors allow: an idle one was closed for the new one, or that was refused.",
            ["outcome"],
            registry=self.registry,
        )
        for outcome in ("closed", "refused"):
            self._crowding.labels(outcome)
        self.canary = CanaryMetrics(self.registry)

    def note(self, record: RequestRecord) -> None:
        """Count a request that has ended."""
        self._requests.labels(record.route, record.outcome, record.reason).inc()
        self._seconds.labels(record.route).observe(record.seconds)
        for stage, seconds in record.stages.items():
            self._stages.labels(stage).observe(seconds)
        if record.bytes is not None:
            self._uploads.observe(record.bytes)
        if record.cache:
            self._answers.labels(record.cache).inc()
        if record.codec:
            self._decodes.labels(record.codec if record.codec in CODECS else "other", record.way).inc()

    def note_batch(self, clips: int) -> None:
        """Count a batch that goes to the engine."""
        self._batches.observe(clips)

    def note_crowding(self, outcome: str) -> None:
        """Count a connection over the limit: "closed" or "refused"."""
        self._crowding.labels(outcome).inc()

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    @contextmanager
    def served_at(self, host: str, port: int) -> Iterator[None]:
        """Serve the metrics on a port of their own, whatever the path. Raise `OSError` if the port is taken."""
        server, thread = start_http_server(port, host, self.registry)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
