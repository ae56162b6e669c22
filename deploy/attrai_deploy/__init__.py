"""Prepares a node for Attrai's stack and deploys it. Standard library only: a server needs no more than Docker and Python."""
