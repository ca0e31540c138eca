"""The Region: teams, opening hours, topics, commitments."""
