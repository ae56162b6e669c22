"""The replier process: it takes outcomes from the queue and answers requests that pass their deadline."""
