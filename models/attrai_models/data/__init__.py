"""What the networks learn from: ratings, photos, face crops and datasets."""
