"""Dashboard, alert rules and the autoscaler's query: Prometheus answers them, by metrics that the service has."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import httpx
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import Metric

from app.collectors import ServiceCollector
from app.gpus import find_gpus
from app.metrics import Metrics
from tests.deploy.rendered import KUBERNETES
from tests.service import free_port, process, start
from tests.videos import make_video
from tests.waiting import until
from videoxception.store import BUILT_IN, ModelStore

DEPLOY = KUBERNETES.parent
DASHBOARD = json.loads((DEPLOY / "grafana/videoxception.json").read_text())
ALERTS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
SCALED = yaml.safe_load((KUBERNETES / "components/autoscaling/scaled-object.yaml").read_text())

PANELS = {
    f"{panel['title']} {target['refId']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}
RULES = {rule["alert"]: rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]}
SCALING = {"autoscaler": SCALED["spec"]["triggers"][0]["metadata"]["query"]}
CANARY = str(ModelStore(built_in=BUILT_IN).load("videoxception-b"))
VALUES = {"$instance": ".*", "$__rate_interval": "1m"}  # that Grafana puts in


def filled_in(query: str) -> str:
    for name, value in VALUES.items():
        query = query.replace(name, value)
    return query


def promtool(*arguments: str | Path) -> str:
    """What promtool says, which must be content."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool, of Prometheus, is not installed")
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def samples(metric: Metric) -> set[str]:
    """The names that a metric's series have in Prometheus."""
    endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(metric.type, [""])
    return {metric.name + ending for ending in endings}


@pytest.fixture(scope="module")
def exported() -> set[str]:
    """The names of all series of the service."""
    with patch("app.gpus.import_module", return_value=MagicMock(**{"nvmlDeviceGetCount.return_value": 0})):
        gpus = find_gpus()
    assert gpus is not None
    service = ServiceCollector(MagicMock(), MagicMock(), MagicMock())
    return {"up"}.union(*map(samples, [*Metrics().registry.collect(), *service.collect(), *gpus.collect()]))


@pytest.mark.parametrize("queries", [PANELS, RULES, SCALING], ids=["dashboard", "alerts", "autoscaler"])
def test_queries_name_metrics_that_there_are(queries: dict[str, str], exported: set[str]) -> None:
    for name, query in queries.items():
        named = set(re.findall(r"\b(\w+)\{", query))
        assert named, name
        assert named <= exported, name
        assert query.count('job="videoxception"') == query.count("{"), name


def lost(written: Any, read: Any, path: str = "") -> Iterator[str]:
    """Yield what Grafana's types do not know, or know as something else."""
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            yield from lost(value, read.get(key), f"{path}/{key}")
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for k, (one, other) in enumerate(zip(written, read, strict=True)):
            yield from lost(one, other, f"{path}/{k}")
    elif written != read:
        yield path


def as_grafana_reads(dashboard: dict[str, Any]) -> dict[str, Any]:
    register_default_plugins()
    read: dict[str, Any] = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))
    return read


def test_grafana_knows_every_field_of_the_dashboard() -> None:
    assert list(lost(DASHBOARD, as_grafana_reads(DASHBOARD))) == []


def test_a_field_that_grafana_does_not_know_is_found() -> None:
    source = {"type": "prometheus"}
    targets = [{"datasource": source, "query": "up"}]
    panel = {"type": "timeseries", "datasource": source, "options": {"legends": {}}, "targets": targets}
    wrong = {"title": "a", "panels": [panel]}
    assert list(lost(wrong, as_grafana_reads(wrong))) == ["/panels/0/options/legends", "/panels/0/targets/0/query"]


def test_panels_lie_beside_each_other() -> None:
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert all(x < 24 for x, _ in taken)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_alert_fires_when_it_should() -> None:
    tests = yaml.safe_load((DEPLOY / "prometheus/alerts_test.yml").read_text())["tests"]
    fired = {one["alertname"] for test in tests for one in test["alert_rule_test"] if "exp_alerts" in one}
    assert fired == RULES.keys()
    assert "SUCCESS" in promtool("test", "rules", DEPLOY / "prometheus/alerts_test.yml")


@contextmanager
def prometheus(target: str, folder: Path) -> Iterator[str]:
    """The address of a Prometheus that scrapes one replica by the job and the rules of deploy/."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed")
    (job,) = yaml.safe_load((DEPLOY / "prometheus/scrape.yml").read_text())["scrape_configs"]
    assert job.pop("kubernetes_sd_configs")  # there is none here, so that its labels are given
    labels = {
        "__meta_kubernetes_pod_label_app_kubernetes_io_name": "videoxception",
        "__meta_kubernetes_pod_container_port_name": "metrics",
        "__meta_kubernetes_pod_name": "videoxception-0",
    }
    job |= {"scrape_interval": "1s", "static_configs": [{"targets": [target], "labels": labels}]}
    configuration = folder / "prometheus.yml"
    configuration.write_text(
        yaml.safe_dump(
            {
                "global": {"evaluation_interval": "1s"},
                "rule_files": [str(DEPLOY / "prometheus/alerts.yml")],
                "scrape_configs": [job],
            }
        )
    )
    promtool("check", "config", configuration)
    port = free_port()
    command = [
        "prometheus",
        f"--config.file={configuration}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with start(command, {"PATH": os.environ["PATH"]}):
        yield f"http://127.0.0.1:{port}"


def series(address: str, query: str) -> list[Any]:
    """What Prometheus answers, by way of promtool."""
    found: list[Any] = json.loads(promtool("query", "instant", "--format=json", address, filled_in(query)))
    return found


def scraped(address: str) -> bool:
    """Whether the replica was scraped twice, so that there are rates, of its canary, too."""
    try:
        return httpx.get(f"{address}/-/ready").status_code == 200 and bool(
            series(address, 'rate(videoxception_answers_total{job="videoxception", cache="miss"}[1m]) > 0')
            and series(address, 'increase(videoxception_canary_pairs_total{job="videoxception"}[1m]) > 0')
        )
    except httpx.TransportError:
        return False


@pytest.mark.slow
def test_a_real_prometheus_answers_every_query(tmp_path: Path) -> None:
    """All but those of GPUs, of which there may be none, and of uploads that a canary dropped, which need not be."""
    video = make_video(tmp_path / "clip.mp4", "libx264", 30).read_bytes()
    port = free_port()
    with (
        process(VX_METRICS_PORT=str(port), VX_CANARY=CANARY, VX_CANARY_SHARE="1") as (_, service),
        prometheus(f"127.0.0.1:{port}", tmp_path) as address,
        httpx.Client(base_url=service, timeout=60) as client,
    ):
        asked = count()

        def look() -> bool:
            """Ask for a new video, one that is known, and no video; return whether Prometheus saw enough of them."""
            for content in (video + bytes(next(asked)), video, b"no video"):
                client.post("/predict", content=content)
            return scraped(address)

        until(look)
        empty = [name for name, query in (PANELS | SCALING).items() if not series(address, query)]
        assert set(empty) - {"Canary: uploads B"} == {name for name in PANELS if name.startswith("GPUs")}
        known = httpx.get(f"{address}/api/v1/rules").json()["data"]["groups"][0]["rules"]
        assert {rule["name"]: rule["state"] for rule in known} == dict.fromkeys(RULES, "inactive")
        assert {rule["health"] for rule in known} <= {"ok", "unknown"}
        assert [one["metric"]["instance"] for one in series(address, 'up{job="videoxception"}')] == ["videoxception-0"]
