# A service with the next version of the contracts: it reads this version and the next, and writes the next.
ARG BASE=attrai/bot:0.1.0
FROM ${BASE}
USER root
COPY tests/stack/images/next_contracts.py /src/
RUN python /src/next_contracts.py
USER 10001:10001
