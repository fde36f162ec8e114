"""The models that can be asked, and their classes."""

import asyncio

from fastapi import APIRouter

from app.problems import responses
from app.schemas import AccuracyOut, ClassesOut, CostOut, LoadedOut, ModelOut, ModelRef, ModelsOut
from app.service import ServiceDep
from videoxception.manifest import Metrics
from videoxception.store import Release

router = APIRouter(tags=["models"])


@router.get("/classes", responses=responses("unauthorized", "unknown-model", "not-ready"))
async def classes(service: ServiceDep, model: str | None = None) -> ClassesOut:
    """List the classes of a model, in the order of its probabilities."""
    manifest = (await service.models.get(model)).manifest
    return ClassesOut(model=ModelRef(name=manifest.name, version=manifest.version), classes=manifest.classes)


@router.get("/models", responses=responses("unauthorized", "not-ready"))
async def models(service: ServiceDep) -> ModelsOut:
    """List the released models: how often each is right, and what it costs.

    "default" marks the one that answers if a request names none.
    """
    default = service.models.default.manifest
    found = await asyncio.to_thread(service.models.listed)
    return ModelsOut(
        models=[
            ModelOut(
                name=name,
                version=version,
                default=(name, version) == (default.name, default.version),
                accuracy=_accuracy(release.manifest.metrics) if release else None,
                cost=_cost(release) if release else None,
                loaded=[
                    LoadedOut(device=engine.device, precision=engine.precision)
                    for engine in service.models.engines(name, version)
                ],
            )
            for (name, version), release in found.items()
        ]
    )


def _accuracy(metrics: Metrics | None) -> AccuracyOut | None:
    if metrics is None:
        return None
    return AccuracyOut(
        top1=metrics.top1,
        interval=metrics.intervals["top1"],
        n=metrics.n,
        source_videos=metrics.source_videos,
        protocol=metrics.protocol,
    )


def _cost(release: Release) -> CostOut:
    counted, spec = release.manifest.cost, release.manifest.clip
    return CostOut(
        parameters=counted.parameters if counted else None,
        multiply_adds=counted.multiply_adds if counted else None,
        weight_bytes=release.weight_bytes,
        frames=spec.frames,
        height=spec.size[0],
        width=spec.size[1],
    )
