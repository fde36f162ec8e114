"""Every setting of the service, from the environment: VX_PORT=9000 scripts/serve."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the service; each is read from the environment variable of its name with VX_ before it."""

    model_config = SettingsConfigDict(env_prefix="VX_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on")
    model_store: str = Field("", description="search path of model stores (a:b), after the built-in one")
    model: str = Field("", description="model that answers if a request names none: name or name@version")
    reload: float = Field(
        10.0, ge=0, allow_inf_nan=False, description="seconds between looks for new models; 0: on SIGHUP only"
    )
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N, or several with commas between")
    precision: Literal["auto", "f32", "bf16"] = Field("auto", description="auto: bf16 where the CPU has it natively")
    max_upload_mb: int = Field(512, ge=1, description="largest upload, in MiB")
    upload_timeout: float = Field(120.0, gt=0, allow_inf_nan=False, description="seconds that an upload may take")
    deadline: float = Field(60.0, gt=0, allow_inf_nan=False, description="seconds from upload to answer")
    max_in_flight: int = Field(64, ge=1, description="requests with a video at a time; more are told to come back")
    max_mb_in_flight: int = Field(4096, ge=1, description="MiB of uploads at a time; more are told to come back")
    max_duration: float = Field(1200.0, gt=0, allow_inf_nan=False, description="longest video, in seconds")
    max_pixels: int = Field(8192 * 4320, ge=1, description="largest picture of a video, in pixels")
    max_decoding: float = Field(30.0, gt=0, allow_inf_nan=False, description="seconds of work on one video")
    max_work: float = Field(4e9, gt=0, allow_inf_nan=False, description="pixels to decode of one video")
    key_frames: bool = Field(
        True, description="answer videos over max_work from their key pictures, with a warning; else they are refused"
    )
    decoders: int = Field(
        max(2, os.cpu_count() or 1),
        ge=1,
        description="decoder processes; of two or more, one takes cheap videos only",
    )
    max_batch: int = Field(32, ge=1, description="clips that are given to the engine at once")
    max_queue: int = Field(256, ge=1, description="clips that wait for the engine; more are told to come back")
    batch_delay: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="seconds that an idle engine waits for more clips than one"
    )
    watchdog: float = Field(
        30.0, gt=0, allow_inf_nan=False, description="seconds at one batch after which an engine counts as stuck"
    )
    answer_cache: int = Field(
        1000, ge=0, description="answers kept for uploads that come again; 0: each upload is worked on by itself"
    )
    grace: int = Field(20, ge=1, description="seconds that requests in flight have to end when the service is stopped")
    drain: float = Field(
        0.0,
        ge=0,
        le=600,
        description="seconds between the signal to stop and the last new connection; not ready in them",
    )
    api_key: SecretStr | None = Field(
        None, min_length=1, description="if set, requests must carry it as a bearer token or X-API-Key"
    )
    cors_origins: str = Field(
        "",
        pattern=r"^(\*|https?://[^\s/,]+(,https?://[^\s/,]+)*)?$",
        description="web pages that may call the service: origins with commas between them, or *",
    )
    docs: bool = Field(True, description="serve /docs and /openapi.json")
    metrics: bool = Field(True, description="serve /metrics")
    metrics_port: int | None = Field(None, ge=1, le=65535, description="serve metrics on this port instead")
    log: Literal["text", "json"] = Field("text", description="lines to read, or one JSON object a line")
    temp_dir: Path | None = Field(None, description="folder for uploads while they are looked at")

    @property
    def devices(self) -> list[str]:
        """What `device` names, each with an engine of its own."""
        return [name.strip() for name in self.device.split(",")]

    @property
    def max_upload_bytes(self) -> int:
        """The largest upload, in bytes."""
        return self.max_upload_mb * 2**20

    @property
    def max_bytes_in_flight(self) -> int:
        """The most bytes of uploads at a time."""
        return self.max_mb_in_flight * 2**20
