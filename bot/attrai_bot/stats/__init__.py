"""The operator's page of /stats, and the process that draws it."""
