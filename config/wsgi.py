"""The web application, for any WSGI server."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.web.chunked import Unchunked

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = Unchunked(get_wsgi_application(), settings.LARGE_REQUEST_MAX_BYTES)
