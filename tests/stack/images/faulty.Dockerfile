# The estimator with the flow tests' pipeline, which dies on photos that ask for it.
FROM attrai/estimator:0.1.0
COPY tests/flow/faulty_estimator.py /src/
ENTRYPOINT ["python", "/src/faulty_estimator.py"]
