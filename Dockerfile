# One image, for CPUs or GPUs: docker-compose.yml says which arguments make which. docs/how-to/container.md explains.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /app
COPY pyproject.toml requirements.lock ./
# The tools come from the lock too. They stay in this stage.
RUN python3 -m venv /opt/tools \
 && sed -n '/^uv==/,/[^\\]$/p; /^setuptools==/,/[^\\]$/p' requirements.lock > /opt/tools/lock \
 && /opt/tools/bin/pip install --no-cache-dir --disable-pip-version-check --quiet --require-hashes -r /opt/tools/lock
# Extras of pyproject.toml with spaces between them. The lock has more than is installed: as constraints, it gives the
# versions and the hashes of what is. The base's certificates hold, which may be those of a company's proxy.
ARG EXTRAS="cpu"
ENV VIRTUAL_ENV=/app/.venv \
    UV_SYSTEM_CERTS=true
RUN python3 -m venv --without-pip .venv \
 && /opt/tools/bin/uv pip install --no-cache --compile-bytecode --require-hashes --constraint requirements.lock \
      -r pyproject.toml $(printf -- ' --extra %s' ${EXTRAS})
COPY . .
RUN PYTHONPATH=$(echo /opt/tools/lib/python3*/site-packages) \
      /opt/tools/bin/uv pip install --no-cache --no-build-isolation --no-deps --editable . \
 && .venv/bin/python -m compileall -q app training videoxception \
 && chmod -R a+rX . # whatever umask the checkout was made under

FROM ${BASE}
# Packages of the base's distribution: Triton compiles with gcc where it runs.
ARG PACKAGES=""
RUN if [ -n "${PACKAGES}" ]; then apt-get update && apt-get install -y --no-install-recommends ${PACKAGES} \
 && rm -rf /var/lib/apt/lists/*; fi
# Volumes take their first owner from these.
RUN install -d -o 10001 -g 10001 /models /work /var/cache/triton
COPY --from=build /app /app
ARG VERSION="0.1.0"
ARG REVISION=""
LABEL org.opencontainers.image.title="VideoXception" \
      org.opencontainers.image.description="Tells which of 16 human actions a video shows" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
USER 10001:10001
ENV PATH=/app/.venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    TRITON_CACHE_DIR=/var/cache/triton \
    VX_HOST=0.0.0.0 \
    VX_PORT=8000 \
    VX_LOG=json \
    VX_CACHE_DIR= \
    VX_MODEL_STORE=/models
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["python", "-ISc", \
  "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['VX_PORT']}/readyz\", timeout=4)"]
CMD ["python", "-m", "app"]
