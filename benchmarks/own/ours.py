"""`videoxception train`, and what its release says of the held-out files."""

import json
import subprocess
import sys
from pathlib import Path

from training.data.dataset import DataSet, Item
from training.evaluation.assignment import one_engine
from training.evaluation.predictions import score
from videoxception import engine as engines
from videoxception.store import ModelStore


def main() -> None:
    """Train, and answer."""
    learn, held, answers, minutes = (*map(Path, sys.argv[1:4]), sys.argv[4])
    store = answers.with_suffix(".store")
    command = [str(Path(sys.executable).with_name("videoxception")), "train", str(learn), "--name", "own"]
    places = ["--run", str(answers.with_suffix(".run")), "--store", str(store)]
    subprocess.run([*command, "--minutes", minutes, *places], check=True)
    release = ModelStore.from_path(str(store)).load("own")
    manifest = release.manifest
    items = [Item(path, path.parent.name, path.name) for path in sorted(held.rglob("*")) if path.is_file()]
    data = DataSet(tuple(items), tuple(manifest.classes))
    found = score(one_engine(engines.create(release, precision="f32")), manifest.clip, data, skip_bad=False)
    named = [manifest.classes[k] for k in found.logits.mean(1).argmax(1)]
    paths = [item.path.relative_to(held).as_posix() for item in items]
    reported = manifest.metrics.top1
    answers.write_text(json.dumps({"reported": reported, "epochs": 0, "named": dict(zip(paths, named, strict=True))}))


if __name__ == "__main__":
    main()
