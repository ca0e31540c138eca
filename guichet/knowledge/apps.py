from __future__ import annotations

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "guichet.knowledge"
    verbose_name = "Base de réponses"
