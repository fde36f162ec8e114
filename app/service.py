"""What the routes share (settings, models, decoders, admission, caches): made at start-up, closed at the end."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from app.admission import Admission
from app.answered import Answered
from app.canary import Canary, open_canary
from app.collectors import ServiceCollector
from app.decoding import Decoders
from app.gpus import find_gpus
from app.metrics import Metrics
from app.registry import ModelRegistry
from app.reload import Reloader
from app.result_cache import ResultCache
from app.settings import Settings

_WINDOWS_RETRY = 30.0  # seconds after which to come back when all long videos that there may be are in work


@dataclass(frozen=True, slots=True)
class Service:
    """Everything behind the routes."""

    settings: Settings
    models: ModelRegistry
    reloader: Reloader
    decoders: Decoders
    window_decoders: Decoders
    admission: Admission
    window_admission: Admission  # of requests with a window, which are counted by the other, too
    metrics: Metrics
    result_cache: ResultCache[Answered]
    canary: Canary | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # set when the process has got the signal to end


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Start the service, and close it when the context ends.

    Raise `StoreError` or `EngineError` if it has no model to answer with, and `OSError` if uploads cannot be put where
    they should.
    """
    metrics = Metrics()
    models = ModelRegistry(settings, metrics.note_batch, lambda: decoders.busy)
    reloader = Reloader(models, settings.reload)
    decoders, window_decoders = Decoders.of(settings), Decoders.for_windows(settings)
    try:
        with tempfile.TemporaryFile(dir=settings.temp_dir):
            pass  # better now than at the first upload
        await reloader.note_versions()
        await models.start()
        admission = Admission(settings.max_in_flight, settings.max_bytes_in_flight, lambda: decoders.backlog)
        window_bytes = settings.max_timelines * settings.max_timeline_upload_bytes
        window_admission = Admission(settings.max_timelines, window_bytes, lambda: _WINDOWS_RETRY)
        metrics.registry.register(ServiceCollector(admission, decoders, models))
        if (gpus := find_gpus()) is not None:
            metrics.registry.register(gpus)
        watching = asyncio.create_task(reloader.watch())
        async with AsyncExitStack() as stack:
            stack.callback(watching.cancel)
            if settings.metrics and settings.metrics_port is not None:
                stack.enter_context(metrics.served_at(settings.host, settings.metrics_port))
            canary = None
            if settings.canary:
                shadow = open_canary(settings, metrics.canary, window_decoders, lambda: _idle(service))
                canary = await stack.enter_async_context(shadow)
            result_cache: ResultCache[Answered] = ResultCache(settings.answer_cache)
            service = Service(
                settings=settings,
                models=models,
                reloader=reloader,
                decoders=decoders,
                window_decoders=window_decoders,
                admission=admission,
                window_admission=window_admission,
                metrics=metrics,
                result_cache=result_cache,
                canary=canary,
            )
            yield service
    finally:
        await models.close()
        await asyncio.to_thread(decoders.close)
        await asyncio.to_thread(window_decoders.close)


def _idle(service: Service) -> bool:
    """Return whether nothing of a request is decoded or with an engine."""
    decoders = service.decoders, service.window_decoders
    return all(each.idle for each in decoders) and all(served.batcher.idle for served in service.models.served)


async def _service(request: Request) -> Service:  # a plain function would be run in a thread of FastAPI's
    return cast(Service, request.app.state.service)


ServiceDep = Annotated[Service, Depends(_service)]
