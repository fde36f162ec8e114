"""What can go wrong with a call.

ClientError
├── Unreachable       there is no service at the address, or the connection broke, however often it was tried
└── ProblemError      the service answered with a problem
    ├── BadRequest    the request is not right: a parameter, the model's name, the address
    ├── Unauthorized  the API key is missing or wrong
    ├── VideoRefused  the file is no video that is taken; another try gets the same
    └── Unavailable   the service is busy or not ready, however often it was tried
"""

import httpx
from pydantic import ValidationError

from videoxception.api.problems import OTHER, PREFIX, ProblemDetails


class ClientError(Exception):
    """A call that has no answer; `str()` of it is a sentence with the reason."""


class Unreachable(ClientError):
    """No connection to the service, or one that broke before the answer."""


class ProblemError(ClientError):
    """The service answered with a problem. `kind` is its type in short, "" for one that is not the service's own."""

    def __init__(self, problem: ProblemDetails, request_id: str = "") -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.kind = str(problem.type).removeprefix(PREFIX) if problem.type.startswith(PREFIX) else ""
        self.request_id = request_id


class BadRequest(ProblemError):
    """The request is not right."""


class Unauthorized(ProblemError):
    """The API key is missing or wrong."""


class VideoRefused(ProblemError):
    """The file is not a video that the service takes."""


class Unavailable(ProblemError):
    """The service is busy, not ready, or took too long."""


_OF_STATUS = {
    401: Unauthorized,
    **dict.fromkeys((413, 415, 422), VideoRefused),
    **dict.fromkeys((502, 503, 504), Unavailable),
}


def error_of(response: httpx.Response) -> ProblemError:
    """Return the error for an answer that is not a good one; its body must have been read."""
    return _error(_problem(response), response.headers.get("x-request-id", ""))


def error_of_problem(problem: ProblemDetails) -> ProblemError:
    """Return the error for a problem at the end of a stream."""
    return _error(problem, "")


def _error(problem: ProblemDetails, request_id: str) -> ProblemError:
    usual = BadRequest if problem.status < 500 else ProblemError
    return _OF_STATUS.get(problem.status, usual)(problem, request_id)


def _problem(response: httpx.Response) -> ProblemDetails:
    """Return the problem that an answer tells, also one of a proxy's that is not in the service's form."""
    try:
        return ProblemDetails.model_validate_json(response.content)
    except ValidationError:
        status, title = response.status_code, response.reason_phrase
        detail = f"{response.request.url} answered {status} {title}, which is not of the service's form"
        return ProblemDetails(type=OTHER, title=title, status=status, detail=detail)
