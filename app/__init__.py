"""The HTTP service: `python -m app`, or `app.factory:create_app` for an ASGI server of one's own."""

import videoxception  # noqa: F401 - which blocks telemetry before anything else is imported
