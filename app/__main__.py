"""The service as a process: `python -m app`. Settings come from the environment, see `app.settings`."""

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from socket import socket

import uvicorn
from fastapi import FastAPI

from app import logs
from app.connection import connections
from app.factory import assemble
from app.registry import Served
from app.service import Service, open_service
from app.settings import Settings, SettingsError
from videoxception.engine import EngineError
from videoxception.store import StoreError

_log = logging.getLogger(__name__)


def main() -> None:
    """Run until stopped. Print in one line what keeps it from starting, and exit with 2 for a setting, else with 1."""
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(*(f"error: {line}" for line in str(error).splitlines()), sep="\n", file=sys.stderr)
        sys.exit(2)
    logs.setup(settings.log)
    app = assemble(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        lifespan="on",  # not for the model, but FastAPI sets up OpenTelemetry in it
        ws="none",
        server_header=False,
        log_config=None,
        access_log=False,  # app.access_log writes one
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=settings.grace,
    )
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_serve(app, config, settings))
    except (StoreError, EngineError, OSError) as error:
        sys.exit(f"error: {error}")


class _Server(uvicorn.Server):
    """Leaves signals to `_serve`: uvicorn would raise them again at its end, which skips all cleaning up."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            service: Service = self.config.app.state.service  # type: ignore[union-attr]  # it is the FastAPI of `main`
            _log.info(introduction(service.models.default, self.servers[0].sockets[0].getsockname()))


def introduction(served: Served, address: tuple[str, int]) -> str:
    """Return the line that says what runs, and where: version, default model, its engines, the address of the page."""
    host, port = f"[{address[0]}]" if ":" in address[0] else address[0], address[1]
    return f"VideoXception {version('videoxception')} at http://{host}:{port}/ with {served}"


async def _serve(app: FastAPI, config: uvicorn.Config, settings: Settings) -> None:
    """Load the model, then open the port, so that every client that can connect gets answers; serve until a signal.

    SIGTERM or SIGINT ends it: it is not ready any more, goes on for `settings.drain` seconds so that load balancers
    notice, takes no more connections, and answers what is in flight within the grace period. A second signal cuts the
    waiting short, and SIGINT once more the answering. SIGHUP looks for new models.
    """
    async with open_service(settings) as service:
        app.state.service = service
        config.http = connections(_descriptors(settings), service.metrics.note_crowding, settings.keep_alive)
        server = _Server(config)
        loop = asyncio.get_running_loop()

        def stop(which: signal.Signals) -> None:
            wait = 0.0 if service.stopping.is_set() else settings.drain
            service.stopping.set()
            _log.info("%s: not ready from now on; ends when what is in flight is answered", which.name)
            loop.call_later(wait, server.handle_exit, which, None)

        loop.add_signal_handler(signal.SIGHUP, service.reloader.request)
        for which in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(which, stop, which)
        await server.serve()


def _descriptors(settings: Settings) -> int:
    """Return how many files and sockets it may take to answer requests: an upload is open twice, a decoder has two."""
    decoders = settings.decoders + settings.max_timelines
    return 2 * settings.max_in_flight + 2 * decoders + 32  # models that are loaded, modules, metrics


if __name__ == "__main__":
    main()
