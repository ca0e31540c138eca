"""Logins of agents and machines, and what they may see."""
