"""OpenTelemetry is FastAPI's; what is ours to get wrong is that it is started and flushed at all."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.service import process


def test_the_environment_alone_switches_spans_on() -> None:
    seen: dict[str, bytes] = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen[self.path] = seen.get(self.path, b"") + body
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        environment = {"FASTAPI_OTEL_AUTO_CONFIGURE": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        with process(**environment, OTEL_EXPORTER_OTLP_COMPRESSION="none") as (service, address):
            httpx.get(f"{address}/classes")
            service.terminate()
            assert service.wait(timeout=30) == 0
        collector.shutdown()
    assert b"/classes" in seen["/v1/traces"]
