"""Step beside scoring: whether a face shows enough for its score to be trusted."""

from attrai_estimator.values import Detection, Photo, Quality


def assess(photo: Photo, detection: Detection) -> Quality:
    """Measure one face and collect the reasons for which its score is not to be trusted."""
    return Quality()
