"""What of the environment is taken for a setting."""

import pytest

from app.settings import Settings, SettingsError, unknown_variables

# As Kubernetes sets them for services called vx, vx-metrics and vx-page in the pod's namespace.
SERVICE_LINKS = {
    "VX_PORT": "tcp://10.0.0.1:80",
    "VX_METRICS_PORT": "tcp://10.0.0.2:9000",
    "VX_PAGE_PORT": "tcp://10.0.0.3:80",
    "VX_SERVICE_HOST": "10.0.0.1",
    "VX_SERVICE_PORT": "80",
    "VX_SERVICE_PORT_HTTP": "80",
    "VX_PORT_80_TCP": "tcp://10.0.0.1:80",
    "VX_PORT_80_TCP_PROTO": "tcp",
    "VX_PORT_80_TCP_PORT": "80",
    "VX_PORT_80_TCP_ADDR": "10.0.0.1",
    "VX_METRICS_SERVICE_PORT": "9000",
}


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"VX_PROT": "1", "VX_QQQ": "1", "VX_GRACE": "soon", "vx_devise": "cpu"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        Settings.from_environment()
    lines = str(error.value).splitlines()
    assert "VX_PROT is no setting (did you mean 'VX_PORT'?)" in lines
    assert "VX_QQQ is no setting" in lines
    assert "vx_devise is no setting (did you mean 'VX_DEVICE'?)" in lines
    assert lines[-1].startswith("VX_GRACE='soon': ")


def test_the_links_of_kubernetes_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICE_LINKS.items():
        monkeypatch.setenv(name, value)
    settings = Settings.from_environment()
    assert (settings.port, settings.metrics_port) == (8000, None)


def test_what_compose_reads_is_known() -> None:
    of_compose = {"VX_PUBLISH", "VX_MEMORY", "VX_DATA", "VX_TRAIN_MEMORY"}
    assert unknown_variables(dict.fromkeys([*of_compose, "VX_PORT", "VX_MEMORI"], "1")) == {
        "VX_MEMORI": " (did you mean 'VX_MEMORY'?)"
    }
