"""What all services share knowingly: contracts, errors, queues, the photo store, the ledger of live requests, logs, settings."""

__version__ = "0.1.0"
