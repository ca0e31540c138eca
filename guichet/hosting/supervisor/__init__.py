def run(environment: dict[str, str], *, with_parent: bool) -> int:
    return 0
