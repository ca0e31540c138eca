"""Logins of citizens: how a person proves that the counter is his. An agent is never one (see accounts)."""
