"""Every setting of the service, from the environment: VX_PORT=9000 scripts/serve.

`scripts/docs` writes them as the page docs/reference/settings.md.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, SettingsConfigDict

from videoxception.cache import CACHE, cache_folder
from videoxception.cores import cores
from videoxception.nearest import did_you_mean

_PREFIX = "VX_"
# What docker-compose.yml itself reads: its service sees them if the shell or an env_file hands all of them on.
_OF_COMPOSE = ("VX_PUBLISH", "VX_MEMORY", "VX_DATA", "VX_TRAIN_MEMORY")
# What Kubernetes tells a pod of each service in its namespace; one called "vx" or "vx-..." makes VX_PORT=tcp://10.0.0.1:80.
_SERVICE_LINK = re.compile(r"VX_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_LINKED_PORT = re.compile(r"(tcp|udp|sctp)://.+")


_TOLD = ("host", "port", "device", "decoders", "max_upload_mb", "max_duration", "max_decoding", "max_in_flight")


class SettingsError(Exception):
    """Settings that keep the service from starting; the message has a line for each."""


class Settings(BaseSettings):
    """Settings of the service; each is read from the environment variable of its name with VX_ before it."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="address to listen on; `0.0.0.0` for all")
    port: int = Field(8000, ge=0, le=65535, description="port")
    model_store: str = Field(
        "", description="more model stores, a search path (`a:b`), after the built-in one and before the user's own"
    )
    model: str = Field(
        "",
        description=(
            "model for requests that name none; by default, the newest `videoxception-c`, else the newest "
            "`videoxception-b`, else the newest `videoxception-a`"
        ),
    )
    canary: str = Field(
        "",
        pattern=r"^([^@]+@[1-9][0-9]*)?$",
        description=(
            "NAME@VERSION of a model that answers a share of the default model's requests once more, unseen, when "
            "nothing else is to be done"
        ),
    )
    canary_share: float = Field(0.05, gt=0, le=1, description="that share, drawn by the hash of the upload")
    canary_store: str = Field(
        "", description="model store in which it lies, and from which no request is answered; by default the others"
    )
    canary_log: str = Field(
        "", description="file to which what both said is added, a line an upload, for `videoxception canary`"
    )
    reload: float = Field(
        10.0,
        ge=0,
        allow_inf_nan=False,
        description="seconds between checks of the stores for new models; `0`: on SIGHUP only",
    )
    device: str = Field(
        "auto",
        description=(
            "`cpu`, `cuda`, `cuda:N`; `auto` is a GPU if there is one and PyTorch is installed; several share the "
            "work: `cuda:0,cuda:1`"
        ),
    )
    precision: Literal["auto", "f32", "bf16", "int8"] = Field(
        "auto",
        description=(
            "`f32`, `bf16`, on CPUs `int8`; `auto` is measured on CPUs when a model is first loaded, and bf16 on GPUs "
            "that have it"
        ),
    )
    streams: int | None = Field(
        None,
        ge=1,
        description=(
            "clips that a CPU computes side by side, each with its share of the cores: those of a batch, and a single "
            "one while half of the decoders have work; by default measured, too"
        ),
    )
    max_upload_mb: int = Field(512, ge=1, description="largest upload, in MiB")
    upload_timeout: float = Field(120.0, gt=0, allow_inf_nan=False, description="seconds that an upload may take")
    deadline: float = Field(
        60.0, gt=0, allow_inf_nan=False, description="seconds from the end of an upload to its answer"
    )
    max_in_flight: int = Field(64, ge=1, description="requests with a video at a time")
    max_mb_in_flight: int = Field(4096, ge=1, description="MiB of uploads at a time")
    max_duration: float = Field(1200.0, gt=0, allow_inf_nan=False, description="longest video, in seconds")
    max_pixels: int = Field(8192 * 4320, ge=1, description="largest frame, in pixels")
    max_decoding: float = Field(30.0, gt=0, allow_inf_nan=False, description="seconds of work on one video")
    max_work: float = Field(
        4e9,
        gt=0,
        allow_inf_nan=False,
        description=(
            "pixels to decode of one video (about ten seconds of one core); above it, only key frames are decoded"
        ),
    )
    key_frames: bool = Field(True, description="`false`: a video over `VX_MAX_WORK` is refused (`too-long`)")
    max_timelines: int = Field(
        2,
        ge=1,
        description="requests with a window at a time, each with a decoder process of its own; more are `overloaded`",
    )
    max_timeline_upload_mb: int = Field(4096, ge=1, description="largest upload of a request with a window, in MiB")
    timeline_upload_timeout: float = Field(
        1800.0, gt=0, allow_inf_nan=False, description="seconds that the upload of a request with a window may take"
    )
    max_timeline_duration: float = Field(
        10_800.0, gt=0, allow_inf_nan=False, description="longest video of a request with a window, in seconds"
    )
    max_timeline_work: float = Field(
        5e11,
        gt=0,
        allow_inf_nan=False,
        description="pixels to decode of a video with windows: two hours of 1080p; above it, it is `too-long`",
    )
    max_windows: int = Field(10_800, ge=1, description="windows of one video; more are `too-many-windows`")
    decoders: int = Field(
        default_factory=lambda: max(2, cores()),
        ge=1,
        description=(
            "decoder processes (by default, one a core that it may use, and at least 2); with two or more, one "
            "is reserved for cheap videos"
        ),
    )
    max_batch: int = Field(32, ge=1, description="clips given to the engine at once")
    max_queue: int = Field(
        256,
        ge=1,
        description=(
            "clips that wait for the engine; more are refused as `overloaded` (`VX_MAX_IN_FLIGHT` limits them, too)"
        ),
    )
    batch_delay: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description=(
            "seconds that an idle engine waits for further clips; at 0 it starts at once, and batches form "
            "while it is busy"
        ),
    )
    watchdog: float = Field(
        30.0,
        gt=0,
        allow_inf_nan=False,
        description=(
            "seconds at one batch after which an engine counts as stuck; when all are stuck, `/readyz` and `/predict` "
            "answer `not-ready` until one of them continues"
        ),
    )
    answer_cache: int = Field(
        1000,
        ge=0,
        description="answers kept for repeated uploads; `0`: none, and identical uploads in flight are not merged",
    )
    keep_alive: int = Field(
        75,
        ge=1,
        description=(
            "seconds for which a connection may be idle between requests: more than the proxy in front keeps it, or "
            "the proxy may send a request into a connection that is being closed"
        ),
    )
    grace: int = Field(20, ge=1, description="seconds that requests in flight have to finish when the service stops")
    drain: float = Field(
        0.0,
        ge=0,
        le=600,
        description=(
            "seconds that the service goes on, no longer ready, after SIGTERM, so that a load balancer notices"
        ),
    )
    api_key: SecretStr | None = Field(
        None,
        min_length=1,
        description=(
            "if set, `/predict`, `/classes` and `/models` require it; an empty key stops the start, so that a "
            "missing secret does not open the service"
        ),
    )
    cors_origins: str = Field(
        "",
        pattern=r"^(\*|https?://[^\s/,]+(,https?://[^\s/,]+)*)?$",
        description=(
            "origins of web pages that may call the service, with commas between them "
            "(`https://a.example,https://b.example`), or `*`"
        ),
    )
    page: bool = Field(True, description="`off`: no web page at `/`")
    docs: bool = Field(True, description="`off`: neither `/docs` nor `/openapi.json`")
    metrics: bool = Field(True, description="`off`: no `/metrics`")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="metrics are served on this port of `VX_HOST` instead, at any path"
    )
    log: Literal["text", "json"] = Field("text", description="`json`: one object a line")
    cache_dir: str = Field(
        CACHE,
        description="folder for compiled models and what was measured, for quicker starts on CPUs; empty: none",
    )
    temp_dir: Path | None = Field(
        None, description="folder for uploads while they are processed; by default the system's"
    )

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings. Raise `SettingsError` for wrong values and for variables with VX_ that nothing knows."""
        wrong = [f"{name} is no setting{guess}" for name, guess in unknown_variables(os.environ).items()]
        try:
            settings = cls()
        except ValidationError as error:
            found = ((_PREFIX + str(one["loc"][0]).upper(), one["input"], one["msg"]) for one in error.errors())
            wrong += [f"{name}={value!r}: {why}" for name, value, why in found]
        if wrong:
            raise SettingsError("\n".join(wrong))
        return settings

    @model_validator(mode="before")
    @classmethod
    def _without_service_links(cls, values: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if not _is_linked_port(name, value)}

    @property
    def devices(self) -> list[str]:
        """The devices; each has its own engine."""
        return [name.strip() for name in self.device.split(",")]

    @property
    def compiled(self) -> Path | None:
        """The folder for compiled models."""
        return cache_folder(self.cache_dir)

    @property
    def max_upload_bytes(self) -> int:
        """The largest upload, in bytes."""
        return self.max_upload_mb * 2**20

    @property
    def max_timeline_upload_bytes(self) -> int:
        """The largest upload of a request with a window, in bytes."""
        return self.max_timeline_upload_mb * 2**20

    @property
    def max_bytes_in_flight(self) -> int:
        """The most bytes of uploads at a time."""
        return self.max_mb_in_flight * 2**20


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with VX_ that nothing knows, each with a question that has the nearest name, if one is."""
    known = [*(_PREFIX + name.upper() for name in Settings.model_fields), *_OF_COMPOSE]
    names = (name for name in environment if name.upper().startswith(_PREFIX) and name.upper() not in known)
    return {
        name: did_you_mean(name.upper(), known)
        for name in names
        if not _SERVICE_LINK.fullmatch(name) and not _is_linked_port(name, environment[name])
    }


def _is_linked_port(name: str, value: object) -> bool:
    """Return whether a variable, such as VX_PORT, was set by Kubernetes to the address of a service."""
    return name.upper().endswith("PORT") and isinstance(value, str) and bool(_LINKED_PORT.fullmatch(value))


def table() -> str:
    """Return the settings as a table in Markdown: variable, default, meaning."""
    rows = [
        f"| `VX_{name.upper()}` | {_shown(field.default)}| {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "| --- | --- | --- |", *rows])


def _shown(default: object) -> str:
    """Return a default as written in the environment; nothing if there is none, or it depends on the machine."""
    if default in (None, "", PydanticUndefined):
        return ""
    if isinstance(default, float):
        return f"`{default:g}` ".replace("e+0", "e")
    return f"`{str(default).lower()}` "


def _told(settings: Settings) -> str:
    """Return, in a line, what is of most interest and what is not as by default; secrets as stars."""
    names = dict.fromkeys([*_TOLD, *sorted(settings.model_fields_set)])
    return " ".join(f"{_PREFIX}{name.upper()}={getattr(settings, name)}" for name in names)


if __name__ == "__main__":  # videoxception doctor
    try:
        print(_told(Settings.from_environment()))
    except SettingsError as error:
        sys.exit(str(error))
