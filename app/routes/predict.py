"""A video in, an answer out."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response

from app.batching import Inferred
from app.decoding import Decoded
from app.models import Served
from app.problems import PROBLEMS, Problem, responses
from app.schemas import ClipInfo, ModelId, PredictionOut
from app.service import Service, ServiceDep
from app.uploads import Upload, receive
from videoxception.answer import answer

T = TypeVar("T")

router = APIRouter(tags=["predict"])

_FILE = {"type": "string", "format": "binary", "description": "a video file"}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}},
        "application/octet-stream": {"schema": _FILE},
    },
}


@router.post("/predict", responses=responses(*PROBLEMS), openapi_extra={"requestBody": _BODY})
async def predict(request: Request, response: Response, service: ServiceDep, model: str | None = None) -> PredictionOut:
    """Tells which action a video shows.

    Send the file as the part "file" of a multipart form, or as the raw body. Nothing of it is kept.
    """
    with service.admission.enter() as place:
        served = await service.models.get(model)
        start = time.monotonic()
        settings = service.settings
        limit, timeout = settings.max_upload_bytes, settings.upload_timeout
        async with receive(request, place, settings.temp_dir, limit, timeout) as upload:
            uploaded = time.monotonic() - start
            decoded, inferred = await _within(request, settings.deadline, _work(service, served, upload))
    response.headers["Server-Timing"] = _server_timing(uploaded, decoded, inferred)
    return _out(served, upload, decoded, inferred)


async def _work(service: Service, served: Served, upload: Upload) -> tuple[Decoded, Inferred]:
    decoded = await service.decoders.decode(upload.file, served.manifest.clip)
    return decoded, await served.batcher.infer(decoded.clip.frames)


async def _within(request: Request, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives, unless the deadline passes or the client goes away first; then it is cancelled."""
    task, gone = asyncio.create_task(work), asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait([task, gone], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if gone.done():
            raise Problem("malformed", "the client closed the connection")
        raise Problem(
            "deadline", f"the answer was not there after {seconds:g} s; the service is busy or the video long"
        )
    finally:
        for unfinished in (task, gone):
            unfinished.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    """Returns when the client has closed the connection. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _server_timing(uploaded: float, decoded: Decoded, inferred: Inferred) -> str:
    stages = {
        "upload": uploaded,
        "queue": decoded.waited,
        "decode": decoded.worked,
        "batch": inferred.waited,
        "infer": inferred.worked,
    }
    return ", ".join(f"{name};dur={seconds * 1000:.1f}" for name, seconds in stages.items())


def _out(served: Served, upload: Upload, decoded: Decoded, inferred: Inferred) -> PredictionOut:
    said, clip, release = answer(served.manifest, inferred.logits), decoded.clip, served.release
    return PredictionOut(
        model=ModelId(name=release.manifest.name, version=release.manifest.version, sha256=release.sha256),
        label=said.label,
        confidence=said.confidence,
        known=said.known,
        known_score=said.known_score,
        probabilities=said.probabilities,
        clip=ClipInfo(
            duration=clip.duration,
            width=clip.width,
            height=clip.height,
            codec=clip.codec,
            timestamps=list(clip.timestamps),
            warnings=list(clip.warnings),
        ),
        sha256=upload.sha256,
    )
