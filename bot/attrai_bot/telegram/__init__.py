"""The edge to the Bot API."""
