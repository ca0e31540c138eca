from __future__ import annotations

from django.apps import AppConfig


class NoaConfig(AppConfig):
    name = "guichet.noa"
    verbose_name = "Noa"
