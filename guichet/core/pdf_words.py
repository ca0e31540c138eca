"""Run as a program: the words of the PDF on the standard input, to the standard output. See `documents`."""

from __future__ import annotations

import io
import logging
import resource
import sys

MEMORY, SECONDS, PAGES, LETTERS = 1 << 30, 30, 300, 500_000


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sys.setrecursionlimit(2000)
    logging.disable(logging.CRITICAL)
    from pypdf import PdfReader

    written = 0
    for page in PdfReader(io.BytesIO(sys.stdin.buffer.read())).pages[:PAGES]:
        text = page.extract_text()
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n\n")
        written += len(text)
        if written > LETTERS:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
