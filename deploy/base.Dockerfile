# The base images of all services, built first by `make images`. `build` has an environment with uv, the build tools
# and what every service shares; it is in no service's image. `base` is what every service's image starts from.
ARG PYTHON=python:3.12.12-slim-bookworm

FROM ${PYTHON} AS build
COPY requirements/uv.txt /src/uv.txt
RUN pip install -q --no-cache-dir --disable-pip-version-check --root-user-action ignore --require-hashes -r /src/uv.txt \
 && uv venv -q --python /usr/local/bin/python /opt/attrai
ENV PATH=/opt/attrai/bin:$PATH VIRTUAL_ENV=/opt/attrai UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 \
    BUILD_TOOLS="hatchling editables pathspec pluggy trove-classifiers tomlkit"
COPY requirements/shared.txt /src/shared.txt
RUN uv pip install -q --require-hashes -r /src/shared.txt
COPY shared /src/shared
RUN uv pip install -q --no-deps --no-build-isolation /src/shared

FROM ${PYTHON} AS base
ARG VERSION=0.1.0
LABEL org.opencontainers.image.version=${VERSION} org.opencontainers.image.licenses=MIT
ENV PATH=/opt/attrai/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ATTRAI_VERSION=${VERSION}
