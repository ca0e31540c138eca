"""Pages, served by gunicorn."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guichet.settings")
application = get_wsgi_application()

from guichet.core.collecting import settle  # noqa: E402 (once the applications are there)

get_resolver().url_patterns  # noqa: B018 (the views are read now, not by the first visitor)
settle()
