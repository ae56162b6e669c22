"""Prepares a node for the stack and deploys it. It uses the standard library alone: a server needs only Docker and Python."""
