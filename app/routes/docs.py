"""The page /docs, which shows every route. Its files are served from here: it loads nothing from the internet."""

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_FILES = "docs/files"  # relative, so that a proxy may put the service under a path

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Return the page of Swagger UI."""
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="VideoXception",
        swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{_FILES}/swagger-ui.css",
        swagger_favicon_url=f"{_FILES}/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None},  # or it would show the description to a checker of theirs
    )


def install(app: FastAPI) -> None:
    """Add the page and its files."""
    app.include_router(router)
    app.mount(f"/{_FILES}", StaticFiles(packages=[("fastapi_swagger", "resources")]))
