"""The optional API key."""

import secrets
from typing import Annotated

from fastapi import Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from app.problems import Problem

# Either will do. Named here, so that the page of routes can ask for the key.
_BEARER = HTTPBearer(auto_error=False)
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False)


class KeyCheck:
    """A dependency of routes that only holders of the key may use."""

    def __init__(self, expected: SecretStr) -> None:
        self._expected = expected.get_secret_value().encode()

    async def __call__(
        self,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> None:
        """Raise the problem `unauthorized` if the request does not carry the key."""
        given = bearer.credentials if bearer else header or ""
        if not secrets.compare_digest(given.encode(), self._expected):
            detail = "send the API key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"
            raise Problem("unauthorized", detail, {"WWW-Authenticate": "Bearer"})
