"""The models that can be asked, and their classes."""

import asyncio
from typing import Any

from fastapi import APIRouter

from app.examples import CLASSES, MODELS
from app.problems import responses
from app.query import ModelName
from app.service import ServiceDep
from videoxception.api.schemas import Accuracy, ClassesResponse, Cost, LoadedEngine, ModelInfo, ModelRef, ModelsResponse
from videoxception.engine.base import Chosen, Engine
from videoxception.manifest import Metrics
from videoxception.store import Release

router = APIRouter(tags=["models"])


def _example(answer: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": answer}}}}


@router.get(
    "/classes",
    responses=_example(CLASSES) | responses("malformed", "unauthorized", "unknown-model", "not-ready"),
)
async def list_classes(service: ServiceDep, model: ModelName = None) -> ClassesResponse:
    """List the classes of a model, in the order of its probabilities."""
    manifest = (await service.models.get(model)).manifest
    return ClassesResponse(model=ModelRef(name=manifest.name, version=manifest.version), classes=manifest.classes)


@router.get("/models", responses=_example(MODELS) | responses("malformed", "unauthorized", "not-ready"))
async def list_models(service: ServiceDep) -> ModelsResponse:
    """List the released models: how often each is right, and what it costs.

    "default" marks the one that answers if a request names none.
    """
    default = service.models.default.manifest
    found = await asyncio.to_thread(service.models.listed)
    return ModelsResponse(
        models=[
            ModelInfo(
                name=name,
                version=version,
                default=(name, version) == (default.name, default.version),
                accuracy=_accuracy(release.manifest.metrics) if release else None,
                cost=_cost(release) if release else None,
                loaded=[_loaded(engine) for engine in service.models.engines(name, version)],
            )
            for (name, version), release in found.items()
        ]
    )


def _loaded(engine: Engine) -> LoadedEngine:
    choice = engine.choice if isinstance(engine, Chosen) else None
    return LoadedEngine(
        device=engine.device,
        precision=engine.precision,
        streams=choice.streams if choice else None,
        chosen=choice.by if choice else None,
        cpu_ms={str(precision): ms for precision, ms in choice.cpu_ms.items()} if choice else {},
    )


def _accuracy(metrics: Metrics | None) -> Accuracy | None:
    if metrics is None:
        return None
    return Accuracy(
        top1=metrics.top1,
        interval=list(metrics.intervals["top1"]),
        n=metrics.n,
        source_videos=metrics.source_videos,
        protocol=metrics.protocol,
    )


def _cost(release: Release) -> Cost:
    counted, spec = release.manifest.cost, release.manifest.clip
    return Cost(
        parameters=counted.parameters if counted else None,
        multiply_adds=counted.multiply_adds if counted else None,
        weight_bytes=release.weight_bytes,
        frames=spec.frames,
        height=spec.size[0],
        width=spec.size[1],
    )
