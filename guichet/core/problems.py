"""What a program is answered when something is refused or not found: RFC 9457, `detail` in French."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, JsonResponse

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Demande illisible", 401: "Clé absente ou refusée", 403: "Droit manquant", 404: "Introuvable",
    405: "Méthode non permise", 409: "Impossible dans cet état", 413: "Trop volumineux", 415: "Format non reconnu",
    422: "Valeurs à corriger", 429: "Trop de demandes", 500: "Panne",
}  # fmt: skip


def speaks_to_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def problem(status: int, detail: str, *, code: str, errors: Mapping[str, str] | None = None) -> JsonResponse:
    """`errors`: reasons by field."""
    body: dict[str, object] = {
        "type": f"urn:guichet:{code}", "title": TITLES.get(status, "Refus"), "status": status, "detail": detail,
        "code": code,
    }  # fmt: skip
    if errors:
        body["errors"] = [{"field": field, "reason": reason} for field, reason in errors.items()]
    response = JsonResponse(body, status=status, content_type=MEDIA_TYPE, json_dumps_params={"ensure_ascii": False})
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status == 429:
        response["Retry-After"] = "60"
    return response
