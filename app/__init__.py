"""The HTTP service: `python -m app`, or `app.factory:create_app` for an ASGI server of one's own."""

from videoxception.quiet import block_telemetry

block_telemetry()  # before anything else is imported
