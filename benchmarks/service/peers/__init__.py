"""Alternatives to this service. These files run in the peers' environment, with this project beside them."""
