"""What the OpenAPI description says beyond the routes themselves: headers, and the media type of problems."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from app.access_log import HEADER
from app.examples import PROBLEM_DETAILS
from videoxception.api.problems import MEDIA_TYPE, PREFIX, PROBLEMS

_SECONDS = {"type": "integer", "minimum": 1}
_HEADERS = {
    HEADER: {"description": "names the request in the log", "schema": {"type": "string"}},
    "Server-Timing": {
        "description": "milliseconds of each stage, and how the cache was used",
        "schema": {"type": "string"},
        "example": "upload;dur=4.2, queue;dur=0.3, decode;dur=18.6, batch;dur=0.2, infer;dur=15.9, cache;desc=miss",
    },
    "Retry-After": {"description": "seconds after which to try again", "schema": _SECONDS},
}


def install(app: FastAPI) -> None:
    """Have the app describe itself completely."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(describe())  # which keeps what it returns as app.openapi_schema
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI's manual says


def headers(*names: str) -> dict[str, Any]:
    """Return references to headers of _HEADERS, for a response's description."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _complete(description: dict[str, Any]) -> None:
    description["components"]["headers"] = _HEADERS
    for status, response in _responses(description):
        response.setdefault("headers", {}).update(headers(HEADER))
        if status == "503":
            response["headers"].update(headers("Retry-After"))
        if not status.startswith("2"):
            _describe_problem(status, response)


def _responses(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in description["paths"].values():
        for operation in path.values():
            yield from operation["responses"].items()


def _describe_problem(status: str, response: dict[str, Any]) -> None:
    """Give a response, which FastAPI describes as JSON, the media type and the examples of problems."""
    content = response["content"].pop("application/json")
    examples = {kind: {"value": _example(kind)} for kind, (of, _) in PROBLEMS.items() if str(of) == status}
    response["content"][MEDIA_TYPE] = content | ({"examples": examples} if examples else {})


def _example(kind: str) -> dict[str, object]:
    status, title = PROBLEMS[kind]
    return {"type": PREFIX + kind, "title": title, "status": status, "detail": PROBLEM_DETAILS[kind]}
