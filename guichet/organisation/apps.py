from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    name = "guichet.organisation"
    label = "organisation"
