"""Measures the exported networks, and prints every figure that the model cards quote."""
