"""The operator's page of /stats: what it says, and the process that draws it."""
