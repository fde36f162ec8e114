"""What the container files promise, as far as it can be told without building an image."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

from app.settings import Settings
from tests.distributions import distributions_for

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UNITS = {"m": 60, "s": 1}


def default(text: str) -> str:
    """What a value of the compose file is if the environment says nothing."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(text))


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_confined_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True  # a process 1 of one's own ignores SIGTERM until it asks for it
    assert service["pids_limit"] > 0
    assert re.fullmatch(r"\d+g", default(service["mem_limit"]))
    assert "privileged" not in service
    assert not any("docker.sock" in volume for volume in service["volumes"])


def test_plain_up_starts_the_service_on_a_gpu_and_nothing_else() -> None:
    assert "COMPOSE_PROFILES=gpu" in (ROOT / ".env").read_text().splitlines()
    assert {name: service["profiles"] for name, service in SERVICES.items()} == {
        "gpu": ["gpu"],
        "cpu": ["cpu"],
        "train": ["train"],
    }


@pytest.mark.parametrize("name", ["gpu", "train"])
def test_a_gpu_is_reserved(name: str) -> None:
    (device,) = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert SERVICES[name]["environment"]["NVIDIA_DRIVER_CAPABILITIES"] == "compute,utility,video"


def test_on_a_cpu_there_is_neither_gpu_nor_torch() -> None:
    cpu = SERVICES["cpu"]
    assert "deploy" not in cpu
    assert "EXTRAS" not in cpu["build"]["args"]
    assert 'ARG EXTRAS="cpu"' in DOCKERFILE
    assert "torch" not in distributions_for("videoxception[cpu]")


def test_extras_are_those_of_the_project() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(SERVICES["gpu"]["build"]["args"]["EXTRAS"].split()) <= extras.keys()


@pytest.mark.parametrize("name", ["gpu", "cpu"])
def test_a_service_answers_this_machine_only_until_told_otherwise(name: str) -> None:
    assert [default(port) for port in SERVICES[name]["ports"]] == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize("name", ["gpu", "cpu"])
def test_limits_of_the_container_leave_room_for_those_of_the_service(name: str) -> None:
    service = SERVICES[name]
    environment = {key: default(value) for key, value in service["environment"].items()}
    number, unit = re.fullmatch(r"(\d+)([ms])", service["stop_grace_period"]).groups()
    assert int(number) * UNITS[unit] > int(environment["VX_GRACE"])
    (size,) = re.findall(r"/tmp:size=(\d+)g", service["tmpfs"][0])
    assert int(size) * 1024 > int(environment["VX_MAX_MB_IN_FLIGHT"])
    assert int(default(service["mem_limit"])[:-1]) > int(size)


def test_training_has_the_data_read_only_and_the_store_of_the_service() -> None:
    train = SERVICES["train"]
    assert train["entrypoint"][:2] == ["videoxception", "train"]
    assert "/data:ro" in train["volumes"][0]
    assert "models:/models" in train["volumes"]
    assert "models:/models" in SERVICES["gpu"]["volumes"]


def test_every_setting_that_is_named_exists() -> None:
    own = {"VX_PUBLISH", "VX_MEMORY", "VX_DATA", "VX_TRAIN_MEMORY"}  # of the compose file itself
    named = set(re.findall(r"\bVX_[A-Z_]+", DOCKERFILE + (ROOT / "docker-compose.yml").read_text()))
    assert named - own <= {f"VX_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", ["gpu", "cpu"])
def test_every_setting_can_be_handed_through(name: str) -> None:
    of_the_container = {"VX_HOST", "VX_PORT", "VX_MODEL_STORE", "VX_TEMP_DIR", "VX_CACHE_DIR"}
    settings = {f"VX_{setting.upper()}" for setting in Settings.model_fields}
    assert {key for key in SERVICES[name]["environment"] if key.startswith("VX_")} == settings - of_the_container


def test_no_setting_of_the_image_is_unset_by_handing_through() -> None:
    """A variable without a value is one that docker-compose 1.29 takes out of the image's environment."""
    image = set(re.findall(r"\b(VX_\w+)=", DOCKERFILE))
    assert not any(SERVICES["cpu"]["environment"].get(name, "") is None for name in image)


def test_the_image_says_which_version_it_is() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f'ARG VERSION="{version}"\n' in DOCKERFILE
    assert all("REVISION" in SERVICES[name]["build"]["args"] for name in ("gpu", "cpu"))


def test_the_image_is_built_from_the_base_alone_and_does_not_run_as_root() -> None:
    assert not DOCKERFILE.startswith("# syntax")
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}
    final = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    assert not re.search(r"\b(curl|wget|pip|uv)\b", final)


def test_nothing_is_installed_without_a_hash() -> None:
    """Nor from anywhere but the lock; the project itself has no dependencies left to fetch."""
    commands = DOCKERFILE.replace("\\\n", " ")
    installs = re.findall(r"\b(?:pip|uv pip) install .*?(?:&&|$)", commands, re.MULTILINE)
    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)


def test_the_lock_gives_the_tools_with_their_hashes() -> None:
    script = re.search(r"sed -n '(.*)' requirements.lock", DOCKERFILE)
    command = ["sed", "-n", script[1], ROOT / "requirements.lock"]
    tools = subprocess.run(command, capture_output=True, text=True, check=True).stdout.replace("\\\n", " ").splitlines()
    assert [line.partition("==")[0] for line in tools] == ["setuptools", "uv"]
    assert all("--hash=sha256:" in line for line in tools)


def test_the_build_sees_what_the_image_needs() -> None:
    seen = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert seen >= {
        "app",
        "training",
        "videoxception",
        "model_store",
        "pyproject.toml",
        "requirements.lock",
        "NOTICE",
    } | {"setup.py", "LICENSE"}
    assert all((ROOT / name).exists() for name in seen)


def test_everything_in_an_image_for_cpus_is_named_in_the_notice() -> None:
    words = {canonicalize_name(word) for word in re.findall(r"[\w-]+", (ROOT / "NOTICE").read_text())}
    other_names = {"av": "pyav", "opentelemetry-api": "opentelemetry"}
    distributions = distributions_for("videoxception[cpu]")
    assert {"openvino", "uvloop"} < distributions
    assert [name for name in distributions if other_names.get(name, name) not in words] == []


def test_the_health_check_asks_a_route_that_there_is() -> None:
    (path,) = re.findall(r"HEALTHCHECK.*?http://127\.0\.0\.1:\{[^}]*\}(/\w+)", DOCKERFILE, re.DOTALL)
    from app.routes.health import router

    assert path in {route.path for route in router.routes}
