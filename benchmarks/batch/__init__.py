"""Whole data sets against the bare pipeline and against face_recognition, in one run; and the memory of a million entries."""
