"""Side-by-side measurements, each one command; peers run in an environment of their own."""

from videoxception.quiet import block_telemetry

block_telemetry()  # before anything else is imported
