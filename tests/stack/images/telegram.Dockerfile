# A stand-in for Telegram: the playground's Bot API server, reachable in the stack's own network.
ARG VERSION=0.1.0
FROM attrai/build:${VERSION}
COPY requirements/playground.txt /src/requirements.txt
RUN uv pip install -q --require-hashes -r /src/requirements.txt
COPY local /src/local
COPY playground /src/playground
RUN uv pip install -q --no-deps --no-build-isolation /src/local /src/playground
COPY tests/stack/images/serve_telegram.py /src/
CMD ["python", "/src/serve_telegram.py"]
