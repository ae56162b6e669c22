"""The estimator beside its peers, in one run: `make bench`. Each contestant is a separate process with one thread."""
