"""A provider of identity beside the tests of one process, set up in our settings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.test import Client, override_settings

from guichet.core.openid.provider import forget
from tests.oidc_provider import PATHS, Provider


@contextlib.contextmanager
def plugged(kind: str, **more: Any) -> Iterator[Provider]:
    """In a thread of this process, and set up in ours."""
    back, after = PATHS[kind]
    site = settings.PUBLIC_URL
    started = Provider(kind=kind, callbacks=(f"{site}{back}",), after_logout=(f"{site}{after}",), **more).start()
    known = {"issuer": started.issuer, "client_id": started.client_id, "client_secret": started.client_secret}
    forget()
    try:
        with override_settings(OPENID={**settings.OPENID, kind: {**settings.OPENID[kind], **known}}):
            yield started
    finally:
        started.stop()
        forget()


def there_and_back(client: Client, start: str, *, who: str, after: str = "") -> str:
    """To the provider and through it: the path where it leads back."""
    left: Any = client.get(start, {"suite": after} if after else {})
    assert left.status_code == 302, left.content.decode()
    address = left["Location"].replace("/authorize?", "/authorize/as?") + f"&who={who}"
    came = requests.get(address, allow_redirects=False, timeout=5)
    assert came.status_code == 302, came.text
    back = urlsplit(came.headers["Location"])
    return f"{back.path}?{back.query}"
