"""Runs Guichet on one machine: the embedded PostgreSQL and the group of processes. Knows nothing of Django."""
