"""The sections, in order of importance, and their time limits in seconds."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.gpu.rows import Row
from benchmarks.gpu.timing import Setting


@dataclass(frozen=True, slots=True)
class Section:
    """A function `module.function([kind,] setting)` in this package; imported only in a process of its own."""

    module: str
    function: str
    kind: str | None
    limit: float

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return f"{self.function} {self.kind}" if self.kind else self.function

    def run(self, setting: Setting) -> Iterator[Row]:
        """Yield its rows as they are measured."""
        function = getattr(importlib.import_module(f"benchmarks.gpu.{self.module}"), self.function)
        rows: Iterator[Row] = function(self.kind, setting) if self.kind else function(setting)
        return rows


SECTIONS = (
    Section("card", "card", None, 40),
    Section("serving", "ours", "a", 70),
    Section("serving", "kernels", "a", 40),
    Section("parity", "parity", None, 90),
    Section("serving", "ours", "c", 60),
    Section("serving", "plain", "c", 45),
    Section("serving", "kernels", "c", 40),
    Section("serving", "plain", "a", 45),
    Section("serving", "eager", "a", 45),
    Section("training", "training", "a", 90),
    Section("serving", "ours", "b", 60),
    Section("serving", "compiled", "a", 100),
    Section("decoding", "decoding", None, 60),
    Section("serving", "eager", "b", 45),
    Section("serving", "kernels", "b", 40),
    Section("training", "training", "b", 90),
    Section("serving", "compiled", "b", 100),
    Section("profile", "profile", "a", 30),
    Section("profile", "profile", "b", 30),
)
