"""Noa, the assistant: reads the base of answers, says only what it says, and calls a person."""
