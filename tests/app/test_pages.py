"""What browsers are given: the page of routes, and leave to call."""

import re
from collections.abc import Callable

import httpx
import pytest
from pydantic import ValidationError

from app.settings import Settings


def test_the_page_of_routes_loads_from_here_alone(client: httpx.Client) -> None:
    page = client.get("/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 3
    assert "://" not in page
    for path in loaded:
        assert client.get(f"/{path}").status_code == 200, path
    assert '"validatorUrl": null' in page


def test_the_page_of_routes_can_be_switched_off(client_of: Callable[..., httpx.Client]) -> None:
    client = client_of(docs=False)
    for path in ("/docs", "/openapi.json", "/redoc", "/docs/files/swagger-ui.css"):
        assert client.get(path).status_code == 404


def test_only_pages_that_were_named_may_call(client_of: Callable[..., httpx.Client], client: httpx.Client) -> None:
    named = client_of(cors_origins="https://a.example,https://b.example")
    for origin, allowed in (("https://b.example", "https://b.example"), ("https://c.example", None)):
        assert named.get("/classes", headers={"Origin": origin}).headers.get("access-control-allow-origin") == allowed
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    assert named.options("/predict", headers=asked).status_code == 200
    assert "access-control-allow-origin" not in client.get("/classes", headers={"Origin": "https://a.example"}).headers


@pytest.mark.parametrize("origins", ["a.example", "https://a.example/", "https://a.example, https://b.example"])
def test_origins_that_no_browser_would_send_are_refused(origins: str) -> None:
    with pytest.raises(ValidationError, match="cors_origins"):
        Settings(cors_origins=origins)
