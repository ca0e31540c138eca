"""The face of agents: inbox, case, persons."""
