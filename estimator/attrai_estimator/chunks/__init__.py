"""Chunks of a data set: many photos to one result, at low urgency, each photo with its faces or with its reason."""
