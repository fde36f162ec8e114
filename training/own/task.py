"""What one start of the command is to do, where, and by when; and whether it was done before."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from training.atomic_write import write_atomically
from training.config.schema import Config
from training.data.dataset import DataSet
from training.data.fingerprint import fingerprint
from training.names import to_bytes
from training.own.clock import Clock
from training.own.material import Material
from training.releases import released_as


@dataclass(frozen=True, slots=True)
class Task:
    """Where to put what, and by when.

    Attributes:
        run: the run's folder.
        store: to release into.
        doubt: why accuracy by the source videos at hand may be flattered; "" if it is not.
    """

    run: Path
    store: Path
    clock: Clock
    device: torch.device
    doubt: str = ""

    @property
    def work(self) -> Path:
        """The folder of what can be computed again: decoded frames and features."""
        return self.run / "work"

    def released_before(self, config: Config, material: Material) -> str | None:
        """Return what the run was released as with the same clips and options, or None."""
        path = self.run / "own.json"
        same = path.exists() and path.read_text() == _digest(config, material)
        return released_as(self.run) if same else None

    def note_release(self, config: Config, material: Material) -> None:
        """Note that these clips and options were released."""
        write_atomically(self.run / "own.json", _digest(config, material).encode())


def _digest(config: Config, material: Material) -> str:
    data = DataSet((*material.learnt.items, *material.held_out.items), material.learnt.classes)
    return hashlib.sha256(to_bytes(f"{fingerprint(data, config.data)} {config.to_json()}")).hexdigest()
