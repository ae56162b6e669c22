"""Drills of the deployed stack: `make stack-test` runs all of them, `make stack-test DRILL=name` one."""
