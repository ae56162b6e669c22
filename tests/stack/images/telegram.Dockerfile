# A stand-in for Telegram: the playground's Bot API server, reachable in the stack's own network.
FROM python:3.12.12-slim-bookworm
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/run.txt /src/requirements.txt
RUN pip install -q --require-hashes -r /src/requirements.txt
COPY shared /src/shared
COPY local /src/local
COPY playground /src/playground
RUN pip install -q --no-deps --no-build-isolation /src/shared /src/local /src/playground
COPY tests/stack/images/serve_telegram.py /src/
CMD ["python", "/src/serve_telegram.py"]
