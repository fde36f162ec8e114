"""Clients that tools generate from the OpenAPI description, without a warning, and that get answers and problems."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.factory import assemble
from app.settings import Settings
from tests.service import process

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
ASK = """
import sys
from generated import Client
from generated.api.models import list_models
from generated.api.predict import predict
from generated.models import PredictFilesBody, PredictResponse, ProblemDetails, ProblemType
from generated.types import File

client = Client(base_url=sys.argv[1], timeout=60)
assert any(model.default for model in list_models.sync(client=client).models)
with open(sys.argv[2], "rb") as file:
    answer = predict.sync(client=client, body=File(payload=file))
assert isinstance(answer, PredictResponse), answer
with open(sys.argv[2], "rb") as file:
    again = predict.sync(client=client, body=PredictFilesBody(file=File(payload=file, file_name="clip.mp4")))
assert again == answer
refused = predict.sync_detailed(client=client, body=File(payload=b"no video"))
assert isinstance(refused.parsed, ProblemDetails), refused
assert refused.parsed.type_ == ProblemType.URNVIDEOXCEPTIONPROBLEMNOT_A_VIDEO, refused
print(answer.label)
"""


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("description") / "openapi.json"
    path.write_text(json.dumps(assemble(Settings()).openapi()))
    return path


def test_python(description: Path, tmp_path: Path, video: Path) -> None:
    command = [BIN / "openapi-python-client", "generate", "--path", description, "--meta", "none"]
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}  # it formats what it writes by ruff
    target = ["--output-path", tmp_path / "generated", "--fail-on-warning"]
    done = subprocess.run([*command, *target], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with process() as (_, address):
        said = subprocess.run(
            [sys.executable, "-c", ASK, address, video], cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_typescript(description: Path, tmp_path: Path) -> None:
    """The types are sound, and an answer and a problem of ours are of them."""
    subprocess.run(["npm", "install", "--silent", "openapi-typescript@7", "typescript@5"], cwd=tmp_path, check=True)
    subprocess.run(["npx", "openapi-typescript", description, "--output", "api.ts"], cwd=tmp_path, check=True)
    examples = json.loads(description.read_text())["paths"]["/predict"]["post"]["responses"]
    answer = examples["200"]["content"]["application/json"]["example"]
    problem = examples["404"]["content"]["application/problem+json"]["examples"]["unknown-model"]["value"]
    (tmp_path / "use.ts").write_text(
        "import type { components } from './api';\n"
        f"export const answer: components['schemas']['PredictResponse'] = {json.dumps(answer)};\n"
        f"export const problem: components['schemas']['ProblemDetails'] = {json.dumps(problem)};\n"
        f"export const type: components['schemas']['ProblemType'] = {json.dumps(problem['type'])};\n"
    )
    subprocess.run(["npx", "tsc", "--strict", "--noEmit", "use.ts"], cwd=tmp_path, check=True)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.videos import make_video

    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4", "libx264", 20)
