"""Which face answers at which address."""

from __future__ import annotations

from django.urls import include, path

from guichet.core import views

handler400 = "guichet.core.views.unreadable"
handler404 = "guichet.core.views.not_found"
handler500 = "guichet.core.views.broken"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("api/v1/", include("guichet.gateway.urls")),
    path("bureau/", include("guichet.desk.urls")),
    path("", include("guichet.portal.urls")),
]
