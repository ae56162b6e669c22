"""Measures the exported networks; prints every figure that the model cards quote."""
