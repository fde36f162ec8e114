"""What the manifests promise: by the schemas of Kubernetes, and by what service, image and compose file say."""

import re
from typing import Any

import kubernetes_validate
import pytest

from app.routes.health import router
from app.settings import Settings, unknown_variables
from tests.deploy.rendered import KUBERNETES, container, environment, pod, rendered
from tests.test_containers import DOCKERFILE, SERVICES, default

OVERLAYS = ("cpu", "gpu")
OLDEST, IMAGE_VOLUMES, NEWEST = "1.29", "1.35", "1.37"  # Kubernetes


def check(objects: dict[str, Any], version: str) -> None:
    for kind in objects.keys() - {"ScaledObject"}:  # KEDA's, which is none of Kubernetes's own
        kubernetes_validate.validate(objects[kind], version, strict=True)


@pytest.mark.parametrize(("overlay", "version"), [("cpu", OLDEST), ("gpu", NEWEST)])
def test_manifests_are_valid(overlay: str, version: str) -> None:
    objects = rendered(overlay)
    assert objects.keys() == {"Deployment", "NetworkPolicy", "PodDisruptionBudget", "ScaledObject", "Service"}
    check(objects, version)


def test_a_manifest_that_is_wrong_is_found() -> None:
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"port": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        check({"Service": wrong}, NEWEST)


def test_every_folder_of_manifests_is_rendered_here() -> None:
    assert {folder.name for folder in (KUBERNETES / "overlays").iterdir()} == set(OVERLAYS)
    components = {"autoscaling", "seccomp", "models-claim", "models-image"}
    assert {folder.name for folder in (KUBERNETES / "components").iterdir()} == components


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("source", ["claim", "image"])
def test_own_models_lie_where_the_image_looks_for_them(overlay: str, source: str) -> None:
    objects = rendered(overlay, f"models-{source}")
    check(objects, IMAGE_VOLUMES)
    mounted = {volume["name"]: volume for volume in container(objects)["volumeMounts"]}
    assert mounted["models"]["readOnly"] is True
    assert f"VX_MODEL_STORE={mounted['models']['mountPath']}\n" in DOCKERFILE
    assert mounted.keys() == {volume["name"] for volume in pod(objects)["volumes"]}


def test_the_profile_of_the_node_takes_the_place_of_the_usual_one() -> None:
    objects = rendered("cpu", "seccomp")
    check(objects, OLDEST)
    profile = container(objects)["securityContext"]["seccompProfile"]
    assert profile["type"] == "Localhost"
    assert (KUBERNETES / "components/seccomp" / profile["localhostProfile"]).is_file()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_replica_is_as_confined_as_with_compose(overlay: str) -> None:
    spec, of_container, composed = pod(rendered(overlay)), container(rendered(overlay)), SERVICES[overlay]
    (user, group) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)[-1]
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": int(user),
        "runAsGroup": int(group),
        "fsGroup": int(group),
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert of_container["securityContext"] == {
        "allowPrivilegeEscalation": "no-new-privileges:true" not in composed["security_opt"],
        "readOnlyRootFilesystem": composed["read_only"],
        "capabilities": {"drop": composed["cap_drop"]},
    }
    assert spec["shareProcessNamespace"] is composed["init"] is True
    assert spec["enableServiceLinks"] is spec["automountServiceAccountToken"] is False
    assert of_container["resources"]["limits"]["memory"] == default(composed["mem_limit"]).replace("g", "Gi")
    assert f"/tmp:size={spec['volumes'][0]['emptyDir']['sizeLimit'].lower()}".replace("gi", "g") in composed["tmpfs"][0]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_are_those_of_the_service(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = environment(rendered(overlay))
    assert unknown_variables(variables) == {}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = Settings.from_environment()
    assert settings.metrics_port in {port["containerPort"] for port in container(rendered(overlay))["ports"]}
    composed = {key: default(value) for key, value in SERVICES[overlay]["environment"].items()}
    same = {"VX_DEVICE", "VX_MAX_MB_IN_FLIGHT", "VX_MAX_TIMELINES", "VX_MAX_TIMELINE_UPLOAD_MB"}
    assert {name: variables[name] for name in same} == {name: composed[name] for name in same}
    resources = container(rendered(overlay))["resources"]
    assert variables["VX_DECODERS"] == resources.get("requests", resources["limits"])["cpu"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_there_is_time_to_drain_before_the_end(overlay: str) -> None:
    variables = environment(rendered(overlay))
    ends = float(variables["VX_DRAIN"]) + float(variables["VX_GRACE"])
    assert pod(rendered(overlay))["terminationGracePeriodSeconds"] > ends
    probe = container(rendered(overlay))["readinessProbe"]
    assert float(variables["VX_DRAIN"]) > probe["periodSeconds"] * probe["failureThreshold"]


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_ask_routes_that_there_are(probe: str) -> None:
    asked = container(rendered("cpu"))[probe]["httpGet"]
    assert asked["path"] in {route.path for route in router.routes}
    assert asked["port"] in {port["name"] for port in container(rendered("cpu"))["ports"]}


def test_only_a_gpu_has_a_gpu() -> None:
    resources = {overlay: container(rendered(overlay))["resources"] for overlay in OVERLAYS}
    assert resources["gpu"]["limits"]["nvidia.com/gpu"] == "1"
    assert resources["cpu"].keys() == {"limits"}  # requests are the same, then
    assert "nvidia.com/gpu" not in resources["cpu"]["limits"]


def test_the_network_is_closed_but_for_two_ports() -> None:
    policy = rendered("cpu")["NetworkPolicy"]["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert "egress" not in policy
    ports = [[port["port"] for port in rule["ports"]] for rule in policy["ingress"]]
    assert ports == [["http"], ["metrics"]]
    assert all(rule["from"] for rule in policy["ingress"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_autoscaler_alone_says_how_many_there_are(overlay: str) -> None:
    objects = rendered(overlay)
    scaled = objects["ScaledObject"]["spec"]
    assert "replicas" not in objects["Deployment"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == objects["Deployment"]["metadata"]["name"]
    assert (
        scaled["maxReplicaCount"] > scaled["minReplicaCount"] > objects["PodDisruptionBudget"]["spec"]["maxUnavailable"]
    )


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Deployment", ["selector", "matchLabels"]),
        ("Service", ["selector"]),
        ("PodDisruptionBudget", ["selector", "matchLabels"]),
        ("NetworkPolicy", ["podSelector", "matchLabels"]),
    ],
)
def test_selectors_find_the_replicas(kind: str, path: list[str]) -> None:
    selector = rendered("cpu")[kind]["spec"]
    for name in path:
        selector = selector[name]
    assert selector
    assert rendered("cpu")["Deployment"]["spec"]["template"]["metadata"]["labels"] == selector
