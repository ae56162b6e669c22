"""Training of the scorer and of the proposal network; both resume from a checkpoint."""
