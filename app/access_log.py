"""One record for each request, filled in while it is answered, then written to the access log and counted in metrics.

Nothing in it is of the client's choosing but the request's id, and that only if it is plain: paths and file names are
left out, so that neither a log nor a metric can tell whose video it was.
"""

import logging
import re
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.answered import Answered
from app.result_cache import CacheUse

HEADER = "X-Request-ID"
_SANE = re.compile("[A-Za-z0-9_-]{1,64}")  # no full stop: a file's name is no id
_PROBES = frozenset({"/livez", "/readyz", "/v2/health/live", "/v2/health/ready", "/metrics"})

# The id of the request that is being answered; "" outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_log = logging.getLogger("app.access")


@dataclass(slots=True)
class RequestRecord:
    """A request: the middleware sets the first and last fields, the routes what they learn in between.

    `reason` is the problem's kind, "" if there was none.
    """

    id: str
    method: str
    started: float = field(default_factory=time.monotonic)
    route: str = "other"
    status: int = 500  # unless an answer says otherwise, it was a bug
    reason: str = ""
    model: str = ""
    bytes: int | None = None  # of a complete upload
    codec: str = ""
    way: str = ""  # in which the video was decoded: planned, straight or key-frames
    cache: str = ""  # how the answer came about, see app.result_cache.CacheUse
    expected: bool = False  # whether it is no fault that the service was not ready
    stages: dict[str, float] = field(default_factory=dict)  # seconds
    seconds: float = 0.0

    @property
    def outcome(self) -> str:
        """answered, refused (the client's doing), failed (the service's), or unready.

        That is what a probe is told while the service starts, and everyone while it stops: no failure at all.
        """
        if self.reason == "not-ready" and self.expected:
            return "unready"
        return "answered" if self.status < 400 else "refused" if self.status < 500 else "failed"

    def note(self, model: str, answered: Answered, how: CacheUse) -> None:
        """Note the answer. Work is noted once, by the request that it was begun for."""
        self.model, self.cache = model, how
        if how in ("miss", "off"):
            self.stages |= answered.stages
            self.codec, self.way = answered.clip.codec, answered.way

    def fields(self) -> dict[str, object]:
        """Return the fields of the access log's line: all that is known, times in milliseconds."""
        known = {
            "model": self.model,
            "bytes": self.bytes,
            "codec": self.codec,
            "way": self.way,
            "cache": self.cache,
            "reason": self.reason,
        }
        return {
            "method": self.method,
            "route": self.route,
            "status": self.status,
            "outcome": self.outcome,
            "ms": round(self.seconds * 1000, 1),
            **{name: value for name, value in known.items() if value not in ("", None)},
            **({"stages_ms": {name: round(s * 1000, 1) for name, s in self.stages.items()}} if self.stages else {}),
        }


class AccessLog:
    """ASGI middleware: makes a request's record, sends its id with the answer, and at the end logs and counts it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = RequestRecord(_id_of(scope), scope["method"])
        scope.setdefault("state", {})["record"] = record
        request_id.set(record.id)  # for as long as the request's task lives

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                MutableHeaders(scope=message)[HEADER] = record.id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            _finish(record, scope)


def _id_of(scope: Scope) -> str:
    """Return the id that the client or a proxy gave, if it is plain, else a new one."""
    given = Headers(scope=scope).get(HEADER, "")
    return given if _SANE.fullmatch(given) else uuid.uuid4().hex


def _finish(record: RequestRecord, scope: Scope) -> None:
    """Complete the record, count it and log it; successful probes are logged at debug level only."""
    record.seconds = time.monotonic() - record.started
    record.route = getattr(scope.get("route"), "path", record.route)
    if record.status >= 400 and not record.reason:
        record.reason = f"http-{record.status}"
    service = scope["app"].state.service
    record.expected = record.route in _PROBES or service.stopping.is_set()
    service.metrics.note(record)
    quiet = record.route in _PROBES and record.outcome == "answered"
    # The fields have all that is to be said; each form of the log writes them in its own way (app.logs).
    _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": record.fields()})
