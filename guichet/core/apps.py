from django.apps import AppConfig
from django.db.backends.signals import connection_created


class CoreConfig(AppConfig):
    name = "guichet.core"
    label = "core"

    def ready(self) -> None:
        from guichet.core.moments import read_moments

        connection_created.connect(read_moments, dispatch_uid="read_moments")
