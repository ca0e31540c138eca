"""Guichet on one machine as one supervised group of processes: demo, tests, pilot."""

from guichet.hosting.supervisor.guichet import run

__all__ = ["run"]
