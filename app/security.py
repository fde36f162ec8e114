"""The optional API key."""

import secrets

from fastapi import Request

from app.problems import Problem
from app.service import ServiceDep


async def check_api_key(request: Request, service: ServiceDep) -> None:
    """Raises the problem `unauthorized` if a key is set and the request does not carry it."""
    expected = service.settings.api_key
    if expected is None:
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
    if not secrets.compare_digest(given.encode(), expected.get_secret_value().encode()):
        detail = "send the API key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"
        raise Problem("unauthorized", detail, {"WWW-Authenticate": "Bearer"})
