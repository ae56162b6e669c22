"""Attrai: whole data sets through the pool, a row for each face and a reason for each photo without one."""

__version__ = "0.1.0"
