"""What all services share: contracts, errors, queues, Redis keys, photo store, retries, logs, settings."""

__version__ = "0.1.0"
