# The estimator with the flow tests' pipeline, which dies on marked photos.
ARG VERSION=0.1.0
FROM attrai/estimator:${VERSION}
COPY tests/flow/faulty_estimator.py tests/flow/changed_settings.py /src/
ENV CHANGED_SETTINGS=/src
ENTRYPOINT ["python", "/src/faulty_estimator.py"]
