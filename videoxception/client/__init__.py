"""A client of the service, which needs no extra: pip install videoxception.

from videoxception.client import Client

with Client("http://127.0.0.1:8000") as client:
    print(client.predict("clip.mp4").label)

`AsyncClient` does the same with `await`. Both wait and try again when the service is busy (retries.py), send files as
streams (upload.py), and raise what the service refuses (errors.py). The answers are videoxception.api.schemas.
"""

from videoxception.client.async_client import AsyncClient
from videoxception.client.errors import (
    BadRequest,
    ClientError,
    ProblemError,
    Unauthorized,
    Unavailable,
    Unreachable,
    VideoRefused,
)
from videoxception.client.retries import Retries
from videoxception.client.sync_client import Client

__all__ = [
    "AsyncClient",
    "BadRequest",
    "Client",
    "ClientError",
    "ProblemError",
    "Retries",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "VideoRefused",
]
