from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def region(request: HttpRequest) -> dict[str, str]:
    return {
        "region_name": settings.REGION_NAME,
        "public_url": settings.PUBLIC_URL,
        "assistant_name": settings.ASSISTANT_NAME,
    }
