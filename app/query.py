"""Query parameters: a request whose parameters a route does not know, or that has one twice, is not answered."""

from collections import Counter
from typing import Annotated

from fastapi import Query, Request
from fastapi.dependencies.models import Dependant

from app.problems import Problem
from videoxception.nearest import did_you_mean

ModelName = Annotated[
    str | None,
    Query(
        description="`name`, or `name@version`; by default the one that `GET /models` marks",
        examples=["videoxception-d"],
    ),
]
"""The parameter `model`."""

_SHOWN = 40  # characters of a name that is not known


def declared(request: Request) -> list[str]:
    """Return the names of the parameters that the request's route declares, in their order."""
    return _names(request.scope["route"].dependant)


async def check_query(request: Request) -> None:  # a plain function would be run in a thread of FastAPI's
    """Raise the problem `malformed` for a parameter that the route does not declare, or that comes more than once."""
    known = declared(request)
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            raise Problem("malformed", _unknown(name, request.url.path, known))
        if times > 1:
            raise Problem("malformed", f"the query parameter {name!r} comes {times} times; send it once")


def _unknown(name: str, path: str, known: list[str]) -> str:
    name = name[:_SHOWN]
    return f"{path} has no query parameter {name!r}{did_you_mean(name, known)}; it takes {', '.join(known) or 'none'}"


def _names(dependant: Dependant) -> list[str]:
    own = [parameter.alias for parameter in dependant.query_params]
    return own + [name for inner in dependant.dependencies for name in _names(inner)]
