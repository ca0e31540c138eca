"""Guichet: how a Region welcomes, answers and follows its citizens."""
