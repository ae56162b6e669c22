# The estimator as another image: what an update replaces by its like.
ARG VERSION=0.1.0
FROM attrai/estimator:${VERSION}
LABEL attrai.drill=relabelled
