"""Addresses of the interface of programs."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from ninja.openapi.views import openapi_json

from guichet.gateway.api import reading, writing  # noqa: F401 (plug the operations)
from guichet.gateway.api.entrance import FORM, JSON, api, behind


def document(request: HttpRequest) -> HttpResponseBase:
    from guichet.core.problems import problem

    if request.method not in {"GET", "HEAD"}:
        refusal = problem(405, "Ce document se lit seulement.", code="method")
        refusal["Allow"] = "GET"
        return refusal
    return openapi_json(request, api=api)


document.csrf_exempt = True  # type: ignore[attr-defined]
app_name = "api"
_drawn = [found for found in api.urls[0] if isinstance(found, URLPattern)]
_types = {"send_document": FORM, "documents": FORM, "dossiers": JSON, "file_dossier": JSON}
urlpatterns = [
    path("openapi.json", document, name="openapi"),
    *(
        path(str(found.pattern), behind(found.callback, _types.get(found.name or "")), name=found.name)
        for found in _drawn
        if found.callback is not None and found.name not in ("openapi-json", "api-root")
    ),
]
