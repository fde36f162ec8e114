import subprocess
import sys

import httpx
import pytest

from app.problems import PROBLEMS
from tests.shipped import NAME, VERSION
from videoxception import ACTIONS


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


def test_models_marks_the_default(client: httpx.Client) -> None:
    assert {"name": NAME, "version": VERSION, "default": True} in client.get("/models").json()["models"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/predict", 405), ("POST", "/predict/", 404)]
)
def test_what_the_framework_refuses_is_a_problem_too(method: str, path: str, status: int, client: httpx.Client) -> None:
    response = client.request(method, path)
    assert response.status_code == response.json()["status"] == status
    assert response.headers["content-type"] == "application/problem+json"


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
        ("VX_MAX_UPLOAD_MB", "0", "error: VX_MAX_UPLOAD_MB='0'"),
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
