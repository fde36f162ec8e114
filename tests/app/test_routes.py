import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.app.conftest import wait_until_ready
from tests.shipped import NAME, SHIPPED, VERSION
from tests.videoxception.test_store import edit, install
from videoxception import ACTIONS
from videoxception.api.problems import PROBLEMS
from videoxception.store import Release

ROOT = Path(__file__).parents[2]


def test_probes_may_use_head(client: httpx.Client) -> None:
    assert client.head("/livez").status_code == client.head("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/v2/health/live", "/v2/health/ready"])
def test_health(path: str, client: httpx.Client) -> None:
    assert client.get(path).status_code == 200


def test_classes(client: httpx.Client) -> None:
    assert client.get("/classes").json() == {
        "model": {"name": NAME, "version": VERSION},
        "classes": list(ACTIONS),
    }


def test_classes_of_an_unknown_model(client: httpx.Client) -> None:
    response = client.get("/classes", params={"model": "nothing"})
    assert response.status_code == 404
    assert response.json()["type"].endswith(":unknown-model")


def test_models_tells_accuracy_cost_and_what_is_loaded(client: httpx.Client) -> None:
    """The small model is the default here; of the other one, nothing is loaded."""
    found = {(one["name"], one["version"]): one for one in client.get("/models").json()["models"]}
    assert [key for key, one in found.items() if one["default"]] == [(NAME, VERSION)]
    assert [key for key, one in found.items() if one["loaded"]] == [(NAME, VERSION)]
    one, metrics = found[NAME, VERSION], SHIPPED.manifest.metrics
    assert metrics is not None
    assert one["accuracy"]["top1"] == metrics.top1
    assert one["accuracy"]["interval"] == list(metrics.intervals["top1"])
    assert one["accuracy"]["protocol"] == metrics.protocol
    assert one["cost"]["weight_bytes"] == SHIPPED.weights.stat().st_size
    assert (one["cost"]["frames"], one["cost"]["height"], one["cost"]["width"]) == SHIPPED.manifest.clip.shape[:3]
    assert one["loaded"][0]["device"] == "cpu"
    loaded = one["loaded"][0]
    assert loaded["precision"] in SHIPPED.manifest.golden.tolerance
    assert (loaded["chosen"], loaded["streams"] >= 1) == ("measured", True)
    assert loaded["cpu_ms"].keys() >= {loaded["precision"], "f32"}


def test_models_repeats_what_a_release_says_of_its_cost(
    release: Release, client_of: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    edit(install(release, tmp_path, "counted"), cost={"parameters": 7, "multiply_adds": 8})
    edit(install(release, tmp_path, "old"), cost=None, metrics=None)
    (tmp_path / "torn/1").mkdir(parents=True)
    client = client_of(model_store=str(tmp_path))
    wait_until_ready(client)
    found = {one["name"]: one for one in client.get("/models").json()["models"]}
    counted, old = found["counted"]["cost"], found["old"]["cost"]
    assert (counted["parameters"], counted["multiply_adds"]) == (7, 8)
    assert (old["parameters"], old["multiply_adds"], found["old"]["accuracy"]) == (None, None, None)
    assert (found["torn"]["cost"], found["torn"]["accuracy"]) == (None, None)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/predict", 405), ("POST", "/predict/", 404)]
)
def test_what_the_framework_refuses_is_a_problem_too(method: str, path: str, status: int, client: httpx.Client) -> None:
    response = client.request(method, path)
    assert response.status_code == response.json()["status"] == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_told_the_right_one(client: httpx.Client) -> None:
    answer = client.put("/predict")
    assert (answer.headers["allow"], answer.json()["detail"]) == ("POST", "PUT /predict: method not allowed; use POST")


def test_the_description_names_every_problem(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    assert described["responses"].keys() >= {str(status) for status, _ in PROBLEMS.values()}
    assert "HTTPValidationError" not in client.get("/openapi.json").text
    assert set(described["requestBody"]["content"]) == {"multipart/form-data", "application/octet-stream"}
    assert client.get("/docs").status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("VX_PORT", "many", "error: VX_PORT='many'"),
        ("VX_PROT", "8000", "error: VX_PROT is no setting (did you mean 'VX_PORT'?)"),
        (
            "VX_MODEL_STORE",
            f"{ROOT}/model_stor",
            f"there is no model store {ROOT}/model_stor (did you mean 'model_store'?)",
        ),
        ("VX_MODEL", "nothing", "no model nothing"),
        ("VX_DEVICE", "tpu", "but got 'tpu'"),
        ("VX_TEMP_DIR", "/nowhere", "No such file or directory: '/nowhere"),
    ],
)
def test_wrong_settings_end_it_with_one_line(name: str, value: str, message: str) -> None:
    environment = {"VX_PORT": "0", name: value}
    ended = subprocess.run(
        [sys.executable, "-m", "app"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
