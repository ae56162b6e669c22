"""Training of the scorer and of the proposal network; both can be interrupted and resumed."""
