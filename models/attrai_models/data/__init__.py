"""What the networks learn from: ratings, photos, crops and datasets."""
