"""The ASGI application, put together from routes, middleware and error handlers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Lifespan

from app import openapi, problems
from app.access_log import HEADER, AccessLog
from app.expectation import Expectation
from app.query import check_query
from app.routes import docs, health, metrics, models, page, predict
from app.security import KeyCheck
from app.service import open_service
from app.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the ASGI application; its lifespan loads the model. Without settings, they come from the environment."""
    settings = settings or Settings.from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_service(settings) as service:
            app.state.service = service
            yield

    return assemble(settings, lifespan)


def assemble(settings: Settings, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return the application. Without a lifespan that does it, set its `state.service` before serving."""
    app = FastAPI(
        title="VideoXception",
        summary="Tells which of 16 human actions a video shows.",
        version=version("videoxception"),
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url="/openapi.json" if settings.docs else None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # the names of functions in generated clients
    )
    _add_middleware(app, settings)
    problems.install(app)
    guards = [Depends(check_query)]
    if settings.api_key is not None:
        guards.insert(0, Depends(KeyCheck(settings.api_key)))
    app.include_router(predict.router, dependencies=guards)
    app.include_router(models.router, dependencies=guards)
    app.include_router(health.router)
    if settings.metrics and settings.metrics_port is None:
        app.include_router(metrics.router)
    if settings.page:
        page.install(app)
    if settings.docs:
        docs.install(app)
        openapi.install(app)
    return app


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """Add the middleware; the last one that is added is the first that a request meets."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(","),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=[HEADER, "Server-Timing", "Retry-After"],
        )
    app.add_middleware(AccessLog)
    app.add_middleware(Expectation)
