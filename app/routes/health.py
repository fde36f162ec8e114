"""Liveness and readiness. Both look at memory only, so that they are quick under load."""

from fastapi import APIRouter

from app.problems import Problem, responses
from app.schemas import StatusOut
from app.service import ServiceDep

router = APIRouter(tags=["health"])


@router.head("/livez", include_in_schema=False)
@router.get("/livez")
@router.get("/v2/health/live")
async def livez() -> StatusOut:
    """Say that the process runs and its event loop turns."""
    return StatusOut(status="live")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses=responses("not-ready"))
@router.get("/v2/health/ready", responses=responses("not-ready"))
async def readyz(service: ServiceDep) -> StatusOut:
    """Say whether videos are answered."""
    if service.stopping.is_set():
        raise Problem("not-ready", "the service is shutting down; use another instance", {"Retry-After": "30"})
    if trouble := service.models.trouble:
        raise Problem("not-ready", trouble, {"Retry-After": "5"})
    if not service.decoders.ready:
        raise Problem("not-ready", "the decoders are starting", {"Retry-After": "1"})
    return StatusOut(status="ready")
