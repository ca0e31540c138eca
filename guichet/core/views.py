from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from guichet.core.problems import problem, speaks_to_programs


def healthz(request: HttpRequest) -> HttpResponse:
    """Up, and the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse({"status": "ok"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "core/csrf.html", status=403)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Too large, too many parts, or malformed: nothing of it was read."""
    if speaks_to_programs(request):
        return problem(400, "La demande est mal formée ou trop volumineuse : rien n'en a été lu.", code="unreadable")
    return render(request, "core/unreadable.html", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if speaks_to_programs(request):
        return problem(404, "Rien n'existe à cette adresse.", code="not_found")
    return render(request, "core/not_found.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    if speaks_to_programs(request):
        return problem(500, "Guichet a rencontré une panne : recommencez plus tard.", code="broken")
    return render(request, "core/broken.html", status=500)
