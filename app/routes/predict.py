"""POST /predict: a video in, an answer out; with a window, also what it shows when."""

import time
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.access_log import RequestRecord
from app.answered import Answered
from app.examples import PREDICT
from app.frames import frames_of
from app.openapi import headers
from app.problems import Problem, responses
from app.query import ModelName
from app.registry import Served
from app.replies import answered_of, prediction_of
from app.result_cache import CacheUse, ResultCache
from app.service import Service, ServiceDep
from app.timeline_replies import LINES, Lines, Look, next_of
from app.timelines import Wish, segments
from app.uploads import Upload, receive
from app.waiting import within
from videoxception.answer_sets import DEFAULT_COVERAGE, LEAST_COVERAGE, MOST_COVERAGE
from videoxception.api.problems import PROBLEMS
from videoxception.api.schemas import PredictResponse, TimelineResponse
from videoxception.windows import LONGEST, SHORTEST, ask

router = APIRouter(tags=["predict"])

_NO_CACHE: ResultCache[Answered] = ResultCache(0)  # for answers with frames: nothing of an upload is kept

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
_Seconds = Annotated[float, Field(ge=SHORTEST, le=LONGEST, allow_inf_nan=False)]
_Some = Annotated[float, Field(ge=0, le=LONGEST, allow_inf_nan=False)]
_Window = Annotated[
    _Seconds | Literal["auto"] | None,
    Query(description="seconds of the windows that a long video is looked at through; `auto` goes by its length"),
]
_Step = Annotated[_Some | None, Query(description="seconds from one window to the next; unsaid: half a window")]
_Smoothing = Annotated[_Some | None, Query(description="seconds that windows are averaged over; unsaid: half a window")]
_Shortest = Annotated[_Some | None, Query(description="seconds of the shortest stretch; unsaid: half a window")]
_Frames = Annotated[bool, Query(description="whether the answer is to have the clip's frames, as small JPEGs")]
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": headers("Server-Timing"),
        "content": {"application/json": {"example": PREDICT}, LINES: {"schema": {"type": "string"}}},
    }
}


@router.post(
    "/predict",
    response_model=TimelineResponse | PredictResponse,
    responses=_ANSWER | responses(*PROBLEMS),
    openapi_extra={"requestBody": _BODY},
)
async def predict(
    request: Request,
    response: Response,
    service: ServiceDep,
    model: ModelName = None,
    coverage: _Coverage = DEFAULT_COVERAGE,
    window: _Window = None,
    step: _Step = None,
    smoothing: _Smoothing = None,
    shortest: _Shortest = None,
    frames: _Frames = False,
) -> PredictResponse | Response:
    """Predict which action a video shows; with a `window`, also when.

    Send the file as the part "file" of a multipart form, or as the raw body. Nothing of it is kept. With a window and
    `Accept: application/jsonl`, each segment comes as a line as soon as it is there, then the rest of the answer.
    """
    if window is None:
        if not step is smoothing is shortest is None:
            raise Problem("malformed", "step, smoothing and shortest go with a window; add window=auto or its seconds")
        return await _predict(request, response, service, model, coverage, frames)
    try:
        wish = Wish(ask(window, step), smoothing, shortest, coverage, frames)
    except ValueError as error:
        raise Problem("malformed", f"query.window: {error}") from error
    return await _look(request, response, service, model, wish)


async def _predict(
    request: Request, response: Response, service: Service, model: str | None, coverage: float, frames: bool
) -> PredictResponse:
    """Answer for the whole video."""
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
            work = partial(_answer, service, served, upload, frames)
            cache = _NO_CACHE if frames else service.result_cache
            answered, how = await within(request, settings.deadline, cache.get(key, work))
    record.note(str(served.release), answered, how)
    response.headers["Server-Timing"] = _server_timing(record.stages, how)
    return prediction_of(served, upload.sha256, answered, coverage)


async def _answer(service: Service, served: Served, upload: Upload, frames: bool) -> Answered:
    """Decode an upload, run the model on its clip, and return what it says, if need be with the clip's frames."""
    with upload.again() as file:  # others may wait for this answer when the request that the upload came with is gone
        decoded = await service.decoders.decode(file, served.manifest.clip)
    inferred = await served.batcher.infer(decoded.clip.frames, service.settings.deadline)
    stages = {
        "queue": decoded.waited,
        "decode": decoded.worked,
        "batch": inferred.waited,
        "infer": inferred.worked,
    }
    shown = await frames_of(decoded.clip, served.manifest.clip) if frames else None
    if service.canary is not None and service.models.is_default(served):
        service.canary.offer(served, upload, decoded.clip.frames, inferred.logits)
    return answered_of(decoded.clip, inferred, stages, shown)


async def _look(
    request: Request, response: Response, service: Service, model: str | None, wish: Wish
) -> TimelineResponse | Response:
    """Answer for each window, for the whole video, and with a timeline."""
    record: RequestRecord = request.state.record
    settings = service.settings
    async with AsyncExitStack() as stack:
        reservation = stack.enter_context(service.window_admission.enter())
        stack.enter_context(service.admission.enter())
        served = await service.models.get(model)
        stack.enter_context(served.holds.one_more())
        start = time.monotonic()
        limit, timeout = settings.max_timeline_upload_bytes, settings.timeline_upload_timeout
        upload = await stack.enter_async_context(receive(request, reservation, settings.temp_dir, limit, timeout))
        record.bytes, record.stages["upload"] = upload.bytes, time.monotonic() - start
        look = Look(served, upload, wish, record)
        stream = await stack.enter_async_context(aclosing(segments(service, served, upload, wish)))
        if LINES not in request.headers.get("accept", ""):
            out = await within(request, None, look.whole(stream))
            response.headers["Server-Timing"] = _server_timing(record.stages, "off")
            return out
        first = await within(request, None, next_of(stream))  # what is wrong with a file still has a status of its own
        return Lines(look.lines(first, stream), stack.pop_all(), record)


def _server_timing(stages: dict[str, float], how: CacheUse) -> str:
    """Return the Server-Timing header: the request's stages, and how the cache was used if there is one."""
    entries = [f"{name};dur={seconds * 1000:.1f}" for name, seconds in stages.items()]
    return ", ".join(entries if how == "off" else [*entries, f"cache;desc={how}"])
