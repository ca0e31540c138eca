"""Adapters between Guichet and the outside world; they know neither Django nor the database."""
