"""The WSGI application that `mercat web` serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mercat.config.settings")
application = get_wsgi_application()
