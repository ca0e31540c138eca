from django.apps import AppConfig
from django.conf import settings


class GatewayConfig(AppConfig):
    name = "guichet.gateway"
    label = "gateway"

    def ready(self) -> None:
        """The mail channel knows the Region's addresses as they are now: teams come and go while it runs."""
        from guichet.core.plugging import supply
        from guichet.gateway import actions  # noqa: F401 (plugs the watcher of webhooks)
        from guichet.organisation.directory import directory

        fixed = frozenset(settings.CHANNELS["email"][1]["own_addresses"])
        supply("email", "own_addresses", lambda: fixed | directory().own_addresses)
