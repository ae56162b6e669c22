"""The estimator beside its peers, in one run: `make bench`. Each contestant is a process of its own with one thread."""
