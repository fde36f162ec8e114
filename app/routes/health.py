"""Liveness and readiness. Both look at memory only, so that they are quick under load."""

from fastapi import APIRouter

from app.problems import Problem, responses
from app.service import ServiceDep
from videoxception.api.schemas import StatusResponse

router = APIRouter(tags=["health"])


@router.head("/livez", include_in_schema=False)
@router.get("/livez")
@router.get("/v2/health/live", operation_id="live_v2")
async def live() -> StatusResponse:
    """Say that the process runs and its event loop turns."""
    return StatusResponse(status="live")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses=responses("not-ready"))
@router.get("/v2/health/ready", responses=responses("not-ready"), operation_id="ready_v2")
async def ready(service: ServiceDep) -> StatusResponse:
    """Say whether videos are answered."""
    if service.stopping.is_set():
        raise Problem("not-ready", "the service is shutting down; use another instance", {"Retry-After": "30"})
    if trouble := service.models.trouble:
        raise Problem("not-ready", trouble, {"Retry-After": "5"})
    if not service.decoders.ready:
        raise Problem("not-ready", "the decoders are starting", {"Retry-After": "1"})
    return StatusResponse(status="ready")
