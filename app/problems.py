"""Every error of a request, answered with problem details (videoxception.api.problems)."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from app.access_log import HEADER
from videoxception.api.problems import MEDIA_TYPE, OTHER, PREFIX, PROBLEMS, ProblemDetails
from videoxception.video import VideoError

_log = logging.getLogger(__name__)


class Problem(Exception):
    """An error to answer a request with. `kind` is one of PROBLEMS; `detail` is a sentence with the remedy."""

    def __init__(self, kind: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.title = PROBLEMS[kind]
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}


def problem_of(error: VideoError) -> Problem:
    """Return the problem for a file's error."""
    return Problem(error.kind, str(error))


def details_of(problem: Problem) -> ProblemDetails:
    """Return the body that answers with a problem."""
    return ProblemDetails(type=PREFIX + problem.kind, title=problem.title, status=problem.status, detail=problem.detail)


def details_of_bug(error: Exception) -> ProblemDetails:
    """Log a bug, and return the body that answers with it."""
    _log.error("a bug", exc_info=error)
    return _blank("Internal Server Error", 500, "a bug in the service; its log has the details")


def response_of(problem: Problem) -> JSONResponse:
    """Return the answer for a problem."""
    return _answer(details_of(problem), problem.headers)


def responses(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the problems that a route can answer with."""
    titles: dict[int | str, list[str]] = {}
    for kind in kinds:
        status, title = PROBLEMS[kind]
        titles.setdefault(status, []).append(title)
    # "default" stands for what any request may meet, and keeps FastAPI from promising errors of its own form.
    titles["default"] = ["Any other error"]
    return {
        status: {"description": "; ".join(found), "model": ProblemDetails}  # app.openapi names the media type
        for status, found in titles.items()
    }


def install(app: FastAPI) -> None:
    """Have every error of the app answered with problem details."""
    # The handlers are coroutines: functions would be run in a thread, which takes descriptors that may have run out.
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)


def _answer(body: ProblemDetails, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body.model_dump(), body.status, headers, media_type=MEDIA_TYPE)


def _blank(title: str, status: int, detail: str) -> ProblemDetails:
    return ProblemDetails(type=OTHER, title=title, status=status, detail=detail)


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    request.state.record.reason = error.kind
    return response_of(error)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return await _on_problem(request, Problem("malformed", f"{where}: {first['msg']}"))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework itself refuses: unknown paths, wrong methods."""
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    headers = Headers(error.headers)
    remedy = f"use {headers['allow']}" if "allow" in headers else "GET /docs shows all routes"
    detail = f"{request.method} {request.url.path}: {title.lower()}; {remedy}"
    return _answer(_blank(title, error.status_code, detail), dict(headers))


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    # This answer is made outside of the middleware that gives others their id. uvicorn closes the connection after it,
    # and a client that does not know may lose its next request.
    headers = {HEADER: request.state.record.id, "Connection": "close"}
    return _answer(details_of_bug(error), headers)
