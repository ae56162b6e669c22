"""Measures the overhead of the queue and the accuracy of the ETA, with real servers and real replicas."""
