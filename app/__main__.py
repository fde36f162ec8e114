"""Starts the service: `python -m app`. Settings come from the environment, see `app.settings`."""

import asyncio
import logging
import sys

import uvicorn
from pydantic import ValidationError

from app.factory import assemble
from app.service import open_service
from app.settings import Settings
from videoxception.engine import EngineError
from videoxception.golden import GoldenMismatch
from videoxception.store import StoreError


def main() -> None:
    """Runs until it is stopped. What keeps it from starting is said in a line, and ends it with 1 or 2."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(message)s")
    try:
        settings = Settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "VX_" + str(wrong["loc"][0]).upper()
            print(f"error: {name}={wrong['input']!r}: {wrong['msg']}", file=sys.stderr)
        sys.exit(2)
    config = uvicorn.Config(assemble(), host=settings.host, port=settings.port, lifespan="off", server_header=False)
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_serve(config, settings))
    except (StoreError, EngineError, GoldenMismatch) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        pass


async def _serve(config: uvicorn.Config, settings: Settings) -> None:
    """The model first, then the port: whoever can connect gets answers."""
    async with open_service(settings) as service:
        config.app.state.service = service  # type: ignore[union-attr]
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    main()
