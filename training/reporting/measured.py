"""A measured network as the files of a release, and what model.json says of it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from training.config.schema import Config
from training.evaluation.summary import Evaluation
from training.reporting.model_card import model_card
from videoxception.manifest import Agreement, Architecture, Calibration, Cost, Golden, Manifest, Provenance
from videoxception.store import CARD, MANIFEST, sha256_of


@dataclass(frozen=True, slots=True)
class Measured:
    """A run's network as the files of a release, and what model.json says of it, but for its version."""

    folder: Path
    config: Config
    folds: list[int]
    calibration: Calibration
    evaluation: Evaluation | None
    golden: Golden
    int8: Agreement | None
    cost: Cost
    provenance: Provenance

    def manifest(self, version: int) -> Manifest:
        """Return what model.json says."""
        data = self.config.data
        return Manifest(
            name=self.config.model_name,
            version=version,
            architecture=Architecture(name=self.config.architecture, arguments=self.config.architecture_arguments),
            classes=list(data.classes),
            auxiliary=list(data.auxiliary),
            folds=self.folds,
            clip=self.config.clip,
            files={path.name: sha256_of(path) for path in sorted(self.folder.iterdir())},
            calibration=self.calibration,
            metrics=self.evaluation.metrics if self.evaluation else None,
            golden=self.golden,
            int8=self.int8,
            cost=self.cost,
            provenance=self.provenance,
        )

    def move_to(self, folder: Path, version: int) -> None:
        """Move the files into a store's folder, and write model.json and the card beside them."""
        manifest = self.manifest(version)
        for path in self.folder.iterdir():
            shutil.move(path, folder)
        (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n")
        (folder / CARD).write_text(model_card(manifest))
