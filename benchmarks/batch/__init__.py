"""Compares a batch run with the bare pipeline and face_recognition, and measures the memory of a million entries."""
