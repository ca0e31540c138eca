from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "guichet.notices"
    label = "notices"

    def ready(self) -> None:
        from guichet.notices import watchers  # noqa: F401 (plugs them)
