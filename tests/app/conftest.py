"""A real server on a loopback port, in a thread: connections behave as they do outside."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from app.connection import Connection
from app.factory import create_app
from app.settings import Settings
from tests.shipped import NAME, VERSION
from tests.videos import make_video
from tests.videoxception.test_store import install, with_answer_sets, without_answer_sets
from tests.waiting import LONG, until
from videoxception import engine
from videoxception.clip import Frames
from videoxception.engine import Engine
from videoxception.engine.base import Logits
from videoxception.store import Release

NEXT = VERSION + 1  # of the small model, which the built-in store does not have


@contextmanager
def serve(settings: Settings, http: type[Connection] = Connection) -> Iterator[httpx.Client]:
    """A client of a running service."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning", ws="none", http=http))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=LONG) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def wait_until_ready(client: httpx.Client) -> None:
    """The port is open before the decoders are up, which takes its time beside other work."""
    until(lambda: client.get("/readyz").status_code == 200)


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service puts what it is sent."""
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def client(uploads: Path) -> Iterator[httpx.Client]:
    """A client of a service with the usual settings, but for the model, which is the small one, and for the cache: a
    test that repeats a file means it.
    """
    with serve(Settings(device="cpu", model=NAME, temp_dir=uploads, max_upload_mb=4, answer_cache=0)) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture
def client_of() -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients of services with other settings."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        usual = {"device": "cpu", "model": NAME, "answer_cache": 0}
        yield lambda **settings: stack.enter_context(serve(Settings(**(usual | settings))))


class HeldEngine:
    """The real engine, whose calls wait while the gate is shut. It is open at first, for the golden answers."""

    def __init__(self, real: Engine) -> None:
        self.device, self.precision = real.device, real.precision
        self.gate, self.entered = threading.Event(), threading.Event()
        self.clips: list[int] = []  # of each call
        self._engine = real
        self.gate.set()

    def predict(self, frames: Frames) -> Logits:
        self.clips.append(len(frames))
        self.entered.set()
        assert self.gate.wait(LONG)
        return self._engine.predict(frames)

    def shut(self) -> None:
        """Makes calls wait from now on, and forgets those so far."""
        self.gate.clear()
        self.entered.clear()
        self.clips.clear()


def hold_engines(patch: pytest.MonkeyPatch, maker: str = "app.registry.create") -> list[HeldEngine]:
    """The engines that `maker` makes from now on, by default of services that are started, in their order."""
    made: list[HeldEngine] = []

    def create(*arguments: Any, **named: Any) -> HeldEngine:
        made.append(HeldEngine(engine.create(*arguments, **named)))
        return made[-1]

    patch.setattr(maker, create)
    return made


@pytest.fixture
def held_engines(monkeypatch: pytest.MonkeyPatch) -> list[HeldEngine]:
    """The engines of services that the test starts."""
    return hold_engines(monkeypatch)


def publish(release: Release, store: Path, version: int, corrupt: Callable[[Path], None] = lambda folder: None) -> Path:
    """Put a version of the small model into a store at once, as publishing does."""
    folder = install(release, store / ".made", NAME, version)
    corrupt(folder)
    (store / NAME).mkdir(exist_ok=True)
    return folder.rename(store / NAME / str(version))


@pytest.fixture(scope="session")
def set_store(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the small model twice: toy has answer sets, old is from before there were any."""
    store = tmp_path_factory.mktemp("sets")
    with_answer_sets(install(release, store, "toy"))
    without_answer_sets(install(release, store, "old"))
    return store


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good small video."""
    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4", "libx264", 30)
