"""POST /predict: a video in, an answer out."""

import asyncio
import time
from collections.abc import Coroutine
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response

from app.access_log import RequestRecord
from app.problems import PROBLEMS, Problem, responses
from app.registry import Served
from app.result_cache import CacheUse
from app.schemas import Answered, ClipInfo, ModelId, PredictionOut
from app.service import Service, ServiceDep
from app.uploads import Upload, receive
from videoxception.answer import answer
from videoxception.answer_sets import DEFAULT_COVERAGE, LEAST_COVERAGE, MOST_COVERAGE
from videoxception.clip import Clip

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
_Coverage = Annotated[
    float,
    Query(
        ge=LEAST_COVERAGE,
        le=MOST_COVERAGE,
        allow_inf_nan=False,
        description="share of videos whose answer set is to have the true class",
    ),
]


@router.post("/predict", responses=responses(*PROBLEMS), openapi_extra={"requestBody": _BODY})
async def predict(
    request: Request,
    response: Response,
    service: ServiceDep,
    model: str | None = None,
    coverage: _Coverage = DEFAULT_COVERAGE,
) -> PredictionOut:
    """Predict which action a video shows.

    Send the file as the part "file" of a multipart form, or as the raw body. Nothing of it is kept.
    """
    record: RequestRecord = request.state.record
    with service.admission.enter() as reservation:
        served = await service.models.get(model)
        start = time.monotonic()
        settings = service.settings
        limit, timeout = settings.max_upload_bytes, settings.upload_timeout
        async with receive(request, reservation, settings.temp_dir, limit, timeout) as upload:
            record.bytes, record.stages["upload"] = upload.bytes, time.monotonic() - start
            # Whatever else logits depend on stays as it is while the process lives; coverage comes after them.
            key = (upload.sha256, str(served.release), served.release.sha256)
            work = partial(_answer, service, served, upload)
            answered, how = await _within(request, settings.deadline, service.result_cache.get(key, work))
    _note(record, served, answered, how)
    response.headers["Server-Timing"] = _server_timing(record.stages, how)
    return _out(served, upload.sha256, answered, coverage)


async def _answer(service: Service, served: Served, upload: Upload) -> Answered:
    """Decode an upload, run the model on its clip, and return what it says."""
    with upload.again() as file:  # others may wait for this answer when the request that the upload came with is gone
        decoded = await service.decoders.decode(file, served.manifest.clip)
    inferred = await served.batcher.infer(decoded.clip.frames, service.settings.deadline)
    stages = {
        "queue": decoded.waited,
        "decode": decoded.worked,
        "batch": inferred.waited,
        "infer": inferred.worked,
    }
    return Answered(inferred.logits.copy(), _clip_info(decoded.clip), stages, _way(decoded.clip))


async def _within(request: Request, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` gives; cancel it if the deadline passes or the client goes away first."""
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
    """Return when the client has closed the connection. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _way(clip: Clip) -> str:
    """Return how a clip was decoded, as the log and the metrics call it."""
    return "key-frames" if "key frames only" in clip.warnings else "planned" if clip.planned else "straight"


def _note(record: RequestRecord, served: Served, answered: Answered, how: CacheUse) -> None:
    """Complete the request's record. Work is noted once, by the request that it was begun for."""
    record.model, record.cache = str(served.release), how
    if how in ("miss", "off"):
        record.stages |= answered.stages
        record.codec, record.way = answered.clip.codec, answered.way


def _server_timing(stages: dict[str, float], how: CacheUse) -> str:
    """Return the Server-Timing header: the request's stages, and how the cache was used if there is one."""
    entries = [f"{name};dur={seconds * 1000:.1f}" for name, seconds in stages.items()]
    return ", ".join(entries if how == "off" else [*entries, f"cache;desc={how}"])


def _clip_info(clip: Clip) -> ClipInfo:
    return ClipInfo(
        duration=clip.duration,
        width=clip.width,
        height=clip.height,
        codec=clip.codec,
        timestamps=list(clip.timestamps),
        warnings=list(clip.warnings),
    )


def _out(served: Served, sha256: str, answered: Answered, coverage: float) -> PredictionOut:
    said, release = answer(served.manifest, answered.logits, coverage), served.release
    return PredictionOut(
        model=ModelId(name=release.manifest.name, version=release.manifest.version, sha256=release.sha256),
        label=said.label,
        confidence=said.confidence,
        known=said.known,
        known_score=said.known_score,
        answer_set=None if said.answer_set is None else list(said.answer_set),
        probabilities=said.probabilities,
        clip=answered.clip,
        sha256=sha256,
    )
