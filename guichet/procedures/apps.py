from __future__ import annotations

from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "guichet.procedures"
    label = "procedures"
    verbose_name = "Démarches"
