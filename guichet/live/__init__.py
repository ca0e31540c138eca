"""Telling open screens that something changed, while it changes.

One small ASGI process beside the pages (`python -m guichet.live`). The commit of an action notifies it; it reads the
journal and tells each connected agent which of the cases he may see changed: numbers and kinds, no personal data. The
screen then asks the pages for what it shows. Without this process the desk works the same, a little less fresh.
"""
