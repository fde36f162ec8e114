"""The services that are compared: the command and environment of each."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

OURS, NAIVE = "this service", "naive FastAPI"
LIT_USUAL, LIT_OURS = "LitServe, usual handler", "LitServe, our decode and engine"
BENTO_USUAL, BENTO_OURS = "BentoML, usual handler", "BentoML, our decode and engine"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A service that answers a video sent to /predict as a form's part "file" with JSON that has `label`.

    "{port}" in its arguments or settings becomes the port to listen on.
    """

    name: str
    arguments: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)

    def command(self, port: int) -> list[str]:
        """Return the command, which is run from the project's root."""
        return [part.format(port=port) for part in self.arguments]

    def environment(self, port: int) -> dict[str, str]:
        """Return the environment variables to add."""
        return {name: value.format(port=port) for name, value in self.settings.items()}


def contestants(model: str, peers: str | None) -> list[Contestant]:
    """Return all contestants, or this service alone without an interpreter for peers. All use the same model."""
    settings = {"VX_MODEL": model, "VX_DEVICE": "cpu"}
    ours = settings | {"VX_PORT": "{port}", "VX_ANSWER_CACHE": "0"}
    found = [Contestant(OURS, [sys.executable, "-m", "app"], ours)]
    if peers is None:
        return found
    folder = "benchmarks.service.peers"
    lit, bento = [peers, "-m", f"{folder}.lit", "{port}"], [peers, "-m", "bentoml", "serve", "--port", "{port}"]
    quiet = settings | {"BENTOML_DO_NOT_TRACK": "true"}
    return [
        *found,
        Contestant(LIT_OURS, [*lit, "ours"], settings),
        Contestant(LIT_USUAL, [*lit, "usual"], settings),
        Contestant(BENTO_OURS, [*bento, f"{folder}.bento:Ours"], quiet),
        Contestant(BENTO_USUAL, [*bento, f"{folder}.bento:Usual"], quiet),
        Contestant(NAIVE, [peers, "-m", f"{folder}.naive", "{port}"], settings),
    ]
