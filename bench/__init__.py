"""Measures. A module of this package that has `run() -> Iterator[dict]` is one of them."""
