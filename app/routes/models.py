"""The models that can be asked, and their classes."""

import asyncio

from fastapi import APIRouter

from app.problems import responses
from app.schemas import ClassesOut, ModelOut, ModelRef, ModelsOut
from app.service import ServiceDep

router = APIRouter(tags=["models"])


@router.get("/classes", responses=responses("unauthorized", "unknown-model", "not-ready"))
async def classes(service: ServiceDep, model: str | None = None) -> ClassesOut:
    """List the classes of a model, in the order of its probabilities."""
    manifest = (await service.models.get(model)).manifest
    return ClassesOut(model=ModelRef(name=manifest.name, version=manifest.version), classes=manifest.classes)


@router.get("/models", responses=responses("unauthorized", "not-ready"))
async def models(service: ServiceDep) -> ModelsOut:
    """List the released models; "default" marks the one that answers if a request names none."""
    default = service.models.default.manifest
    found = await asyncio.to_thread(service.models.versions)
    return ModelsOut(
        models=[
            ModelOut(name=name, version=version, default=(name, version) == (default.name, default.version))
            for name, versions in found.items()
            for version in versions
        ]
    )
