"""What Kustomize makes of the manifests. kubectl has it built in, and needs no cluster to render."""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

KUBERNETES = Path(__file__).parents[2] / "deploy/kubernetes"


@cache
def rendered(overlay: str, *components: str) -> dict[str, Any]:
    """The objects of an overlay with further components, by their kinds."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl, which renders the manifests, is not installed")
    resources, further = [KUBERNETES / "overlays" / overlay], [KUBERNETES / "components" / name for name in components]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        lists = {"resources": resources, "components": further}
        relative = {what: [os.path.relpath(path, folder) for path in paths] for what, paths in lists.items()}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(relative))
        return _objects(folder)


def _objects(folder: Path) -> dict[str, Any]:
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}


def pod(objects: dict[str, Any]) -> Any:
    """What a replica is made from."""
    return objects["Deployment"]["spec"]["template"]["spec"]


def container(objects: dict[str, Any]) -> Any:
    """The one container of a replica."""
    (only,) = pod(objects)["containers"]
    return only


def environment(objects: dict[str, Any]) -> dict[str, str]:
    """The variables that are given by value."""
    return {one["name"]: one["value"] for one in container(objects)["env"] if "value" in one}
