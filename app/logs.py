"""The log, on standard error: lines to read, or one JSON object a line to be collected."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal

from app.access_log import request_id


def setup(form: Literal["text", "json"]) -> None:
    """Set how everything in this process is logged."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(form))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # app.__main__ says in one line what runs, and where


def formatter(form: Literal["text", "json"]) -> logging.Formatter:
    """Return what formats the log's records."""
    return _Json() if form == "json" else _Text()


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class _Text(logging.Formatter):
    """Formats a record as a line, with `extra={"fields": {...}}` as name=value; an exception follows in its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        told = request_id.get()
        fields = ({"id": told} if told else {}) | getattr(record, "fields", {})
        words = " ".join(f"{name}={value}" for name, value in _flat(fields).items())
        return f"{_time(record)} {record.levelname.lower()}: {record.message} {words}".rstrip()


def _flat(fields: dict[str, object]) -> dict[str, object]:
    """Return the fields with those of inner ones behind a full stop."""
    flat: dict[str, object] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            flat[name] = value
    return flat


class _Json(logging.Formatter):
    """Formats a record as one line of JSON; `extra={"fields": {...}}` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
