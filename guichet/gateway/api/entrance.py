"""The door of programs: who calls, what he may do, and how a refusal is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from guichet.core.limits import spend
from guichet.core.problems import MEDIA_TYPE, TITLES, problem
from guichet.core.refused import NotAllowed, Refused
from guichet.gateway.actions import key_of
from guichet.gateway.models import ApiKey, Scope

JSON, FORM = "application/json", "multipart/form-data"
DESCRIPTION = (
    "Interface de Guichet pour les logiciels. Chaque clé a ses droits et ne voit que les dossiers des démarches de son "
    "service. Les erreurs sont des documents « problem+json » (RFC 9457). Voir docs/api.md."
)


class Bearer(HttpBearer):
    """`Authorization: Bearer gch_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        key = key_of(token)
        if key is not None:
            spend("api", str(key.pk), at_most=settings.API_PER_MINUTE, per=timedelta(minutes=1),
                  message="Cette clé a fait trop d'appels en une minute : attendez avant de recommencer.")  # fmt: skip
        return key


def caller(request: HttpRequest, scope: Scope) -> ApiKey:
    """The key that calls. Raises `NotAllowed` when it has not this right."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    if scope.value not in key.scopes:
        raise NotAllowed(f"Cette clé n'a pas le droit « {scope.value} ».")
    return key


class Interface(NinjaAPI):
    def get_root_path(self, path_params: Any) -> str:
        return "/api/v1/"

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        """Each operation says its refusals, and of what type they are."""
        document: Any = super().get_openapi_schema(*args, **kwargs)
        document["components"]["schemas"]["Problem"] = PROBLEM
        refusal = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for operations in document["paths"].values():
            for method, operation in operations.items():
                for status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 429):
                    if status not in {413, 415} or method == "post":
                        operation["responses"][status] = {"description": TITLES[status], "content": refusal}
                operation["responses"][414] = TOO_LONG
        return document


# Answered by the server of pages, before us.
TOO_LONG = {"description": "Adresse trop longue", "content": {"text/html": {"schema": {"type": "string"}}}}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "code")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object", "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}  # fmt: skip

api = Interface(
    title="Guichet", version="1", description=DESCRIPTION, docs_url=None, openapi_url="/openapi.json",
    urls_namespace="api", auth=Bearer(), servers=[{"url": settings.PUBLIC_URL}],
)  # fmt: skip


@api.exception_handler(Refused)
def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    return problem(refusal.status, refusal.message, code=refusal.code, errors=getattr(refusal, "errors", None))


@api.exception_handler(Http404)
def not_found(request: HttpRequest, missing: Http404) -> HttpResponse:
    return problem(404, "Rien de tel n'existe pour cette clé.", code="not_found")


@api.exception_handler(AuthenticationError)
def not_known(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    said = "Donnez une clé en cours de validité dans l'en-tête « Authorization: Bearer … »."
    return problem(401, said, code="key")


@api.exception_handler(HttpError)
def other(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 400:
        return problem(400, "Le corps de la demande n'est pas du JSON lisible.", code="unreadable")
    return problem(error.status_code, TITLES.get(error.status_code, "Refus") + ".", code="refused")


@api.exception_handler(ValidationError)
def wrong_values(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = {".".join(str(part) for part in one["loc"]): _said(one) for one in error.errors}
    return problem(422, "Des valeurs manquent ou ne conviennent pas.", code="values", errors=errors)


SAID = {
    "missing": "Cette valeur est obligatoire.",
    "extra_forbidden": "Ce champ n'existe pas.",
    "string_too_long": "Ce texte est trop long : {max_length} signes au plus.",
    "string_too_short": "Ce texte est trop court.",
    "string_pattern_mismatch": "Ce texte n'a pas la forme attendue.",
    "literal_error": "Valeurs possibles : {expected}.",
    "enum": "Valeurs possibles : {expected}.",
    "less_than_equal": "Le maximum est {le}.",
    "greater_than_equal": "Le minimum est {ge}.",
    "value_error": "{error}.",
}


def _said(error: dict[str, Any]) -> str:
    pattern = SAID.get(str(error.get("type")), "Cette valeur n'a pas le type attendu.")
    return pattern.format_map(
        {"max_length": "", "expected": "", "le": "", "ge": "", "error": ""} | error.get("ctx", {})
    )


def behind(view: Callable[..., HttpResponseBase], expected: str | None) -> Callable[..., HttpResponseBase]:
    """What the framework answers by itself, said as a problem; a body of another type is refused before it is read."""

    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if expected and request.method == "POST" and request.content_type != expected:
            return problem(415, f"Envoyez du « {expected} ».", code="media_type")
        response = view(request, *args, **kwargs)
        if response.status_code == 405 and response.get("Content-Type") != MEDIA_TYPE:
            refusal = problem(405, "Cette adresse ne connaît pas cette méthode.", code="method")
            refusal["Allow"] = response["Allow"]
            return refusal
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    answered.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie opens this door
    return answered
