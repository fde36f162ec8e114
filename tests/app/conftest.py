"""A real server on a loopback port, in a thread: connections behave as they do outside."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from app.factory import create_app
from app.settings import Settings
from tests.videos import make_video


@contextmanager
def serve(settings: Settings) -> Iterator[httpx.Client]:
    """A client of a running service."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service puts what it is sent."""
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def client(uploads: Path) -> Iterator[httpx.Client]:
    """A client of a service with the usual settings."""
    with serve(Settings(device="cpu", temp_dir=uploads, max_upload_mb=4)) as client:
        yield client


@pytest.fixture
def client_of() -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients of services with other settings."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(serve(Settings(device="cpu", **settings)))


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good small video."""
    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4", "libx264", 30)
