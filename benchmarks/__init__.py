"""Side-by-side measurements, each one command; peers run in an environment of their own."""

import videoxception  # noqa: F401 - which blocks telemetry before anything else is imported
