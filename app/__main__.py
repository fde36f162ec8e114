"""The service as a process: `python -m app`. Settings come from the environment, see `app.settings`."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from app import logs
from app.connection import connections
from app.factory import assemble
from app.service import open_service
from app.settings import Settings
from videoxception.engine import EngineError
from videoxception.store import StoreError


def main() -> None:
    """Run until stopped. Print in one line what keeps it from starting, and exit with 2 for a setting, else with 1."""
    try:
        settings = Settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "VX_" + str(wrong["loc"][0]).upper()
            print(f"error: {name}={wrong['input']!r}: {wrong['msg']}", file=sys.stderr)
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


async def _serve(app: FastAPI, config: uvicorn.Config, settings: Settings) -> None:
    """Load the model, then open the port, so that every client that can connect gets answers; serve until a signal.

    SIGTERM or SIGINT ends it: it is not ready any more, goes on for `settings.drain` seconds so that load balancers
    notice, takes no more connections, and answers what is in flight within the grace period. A second signal cuts the
    waiting short, and SIGINT once more the answering. SIGHUP looks for new models.
    """
    async with open_service(settings) as service:
        app.state.service = service
        config.http = connections(_descriptors(settings), service.metrics.note_crowding)
        server = _Server(config)
        loop = asyncio.get_running_loop()

        def stop(which: signal.Signals) -> None:
            wait = 0.0 if service.stopping.is_set() else settings.drain
            service.stopping.set()
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
