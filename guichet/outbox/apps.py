from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "guichet.outbox"
    label = "outbox"
