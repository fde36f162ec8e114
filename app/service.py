"""What the routes share: settings, models, decoders, admission and repeats, made at start-up and closed at the end."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from app.admission import Admission
from app.decoding import Decoders
from app.models import Models
from app.repeats import Repeats
from app.schemas import Answered
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """Everything behind the routes."""

    settings: Settings
    models: Models
    decoders: Decoders
    admission: Admission
    repeats: Repeats[Answered]


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """A running service.

    Raises `StoreError`, `EngineError` or `GoldenMismatch` if it has no model to answer with, and `OSError` if uploads
    cannot be put where they should.
    """
    models = Models(settings)
    decoders = Decoders(settings)
    try:
        with tempfile.TemporaryFile(dir=settings.temp_dir):
            pass  # better now than at the first upload
        await models.start()
        admission = Admission(settings.max_in_flight, settings.max_bytes_in_flight, lambda: decoders.backlog)
        yield Service(settings, models, decoders, admission, Repeats(settings.answer_cache))
    finally:
        await models.close()
        await asyncio.to_thread(decoders.close)


def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


ServiceDep = Annotated[Service, Depends(_service)]
