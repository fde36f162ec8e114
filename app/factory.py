"""The application, assembled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI
from starlette.types import Lifespan

from app import problems
from app.routes import health, models, predict
from app.security import check_api_key
from app.service import open_service
from app.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application; its lifespan loads the model. Settings come from the environment if none are given."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_service(settings) as service:
            app.state.service = service
            yield

    return assemble(lifespan)


def assemble(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """The routes and their errors. Whoever has no lifespan that does it sets `app.state.service` before serving."""
    app = FastAPI(
        title="VideoXception",
        summary="Tells which of 16 human actions a video shows.",
        version=version("videoxception"),
        lifespan=lifespan,
        redirect_slashes=False,
    )
    problems.install(app)
    app.include_router(health.router)
    app.include_router(models.router, dependencies=[Depends(check_api_key)])
    app.include_router(predict.router, dependencies=[Depends(check_api_key)])
    return app
