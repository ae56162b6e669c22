# The estimator under another image id, for an update without a change.
ARG VERSION=0.1.0
FROM attrai/estimator:${VERSION}
LABEL attrai.drill=relabelled
