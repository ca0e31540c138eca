from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "guichet.gateway"
    label = "gateway"
