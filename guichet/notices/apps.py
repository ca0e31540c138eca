from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "guichet.notices"
    label = "notices"
