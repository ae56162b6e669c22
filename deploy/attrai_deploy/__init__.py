"""Prepares a node for the stack and deploys it. Standard library only: a server needs Docker and Python."""
