"""Prometheus collector of the service's state: gauges that are read at each scrape, not counted as things happen."""

from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from app.admission import Admission
from app.decoding import Decoders
from app.registry import ModelRegistry
from videoxception.engine.base import Chosen, Engine

_ENGINE = ("model", "device", "precision", "streams", "chosen")
_ENDS = ("crashed", "timed_out", "stopped", "recycled")  # causes, in DecoderPool's counts


class ServiceCollector(Collector):
    """Gauges of admission, decoders and models."""

    def __init__(self, admission: Admission, decoders: Decoders, models: ModelRegistry) -> None:
        self._admission = admission
        self._decoders = decoders
        self._models = models

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics. Called by the registry, from any thread, so it reads plain numbers only."""
        build = GaugeMetricFamily("videoxception_build_info", "Which release runs.", labels=["version"])
        build.add_metric([version("videoxception")], 1)
        yield build
        yield from self._waiting()
        yield from self._processes()
        yield from self._engines()

    def _waiting(self) -> Iterator[Metric]:
        admission, decoders = self._admission, self._decoders
        yield _gauge("requests_in_flight", "Requests with a video that are being answered.", admission.in_flight)
        yield _gauge("uploads_in_flight_bytes", "Uploads that are being answered.", admission.bytes)
        yield _gauge("decode_queue_videos", "Videos that no decoder has taken yet.", decoders.waiting)
        yield _gauge(
            "backlog_seconds",
            "Estimated seconds until a new video would be decoded: the Retry-After of refused requests.",
            decoders.backlog,
        )

    def _processes(self) -> Iterator[Metric]:
        counts = self._decoders.counts
        yield _gauge("decoders_up", "Decoder processes that are up.", self._decoders.up)
        yield _gauge(
            "sandbox_missing_parts", "Parts of the decoders' sandbox that the kernel lacks.", len(counts.missing)
        )
        yield CounterMetricFamily("videoxception_decoders_started", "Decoder processes started.", value=counts.started)
        ended = CounterMetricFamily("videoxception_decoders_ended", "Decoder processes that ended.", labels=["cause"])
        for cause in _ENDS:
            ended.add_metric([cause], getattr(counts, cause))
        yield ended
        yield CounterMetricFamily(
            "videoxception_expensive_videos",
            "Videos too expensive for the decoder that is kept for cheap ones.",
            value=counts.expensive,
        )

    def _engines(self) -> Iterator[Metric]:
        labels = ["name", "version", "sha256", "default"]
        info = GaugeMetricFamily("videoxception_model_info", "Models that are loaded.", labels=labels)
        queue = GaugeMetricFamily("videoxception_batch_queue_clips", "Clips that wait for an engine.", labels=["model"])
        up = GaugeMetricFamily("videoxception_model_up", "1 if an engine takes its clips, else 0.", labels=["model"])
        chosen = GaugeMetricFamily("videoxception_engine_info", "Engines, and who chose how they run.", labels=_ENGINE)
        for served in self._models.served:
            release = served.release
            default = str(self._models.is_default(served)).lower()
            info.add_metric([release.manifest.name, str(release.manifest.version), release.sha256, default], 1)
            queue.add_metric([str(release)], served.batcher.waiting)
            up.add_metric([str(release)], served.batcher.trouble is None)
            for engine_labels in {_engine_labels(str(release), engine) for engine in served.batcher.engines}:
                chosen.add_metric(engine_labels, 1)
        yield from (info, queue, up, chosen)


def _engine_labels(model: str, engine: Engine) -> tuple[str, ...]:
    choice = engine.choice if isinstance(engine, Chosen) else None
    return model, engine.device, engine.precision, *((str(choice.streams), choice.by) if choice else ("", ""))


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"videoxception_{name}", what, value=value)
