"""Starts the service: `python -m app`. Settings come from the environment, see `app.settings`."""

import logging
import sys

import uvicorn
from pydantic import ValidationError

from app.factory import create_app
from app.settings import Settings


def main() -> None:
    """Runs until it is stopped. A setting that does not fit ends it with a message that names the variable."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(message)s")
    try:
        settings = Settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "VX_" + str(wrong["loc"][0]).upper()
            print(f"error: {name}={wrong['input']!r}: {wrong['msg']}", file=sys.stderr)
        sys.exit(2)
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, server_header=False)


if __name__ == "__main__":
    main()
