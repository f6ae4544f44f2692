"""What a web server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posture.settings")
application = get_wsgi_application()

# Every view and serializer is loaded here, once for all processes that serve, and not by the first request. They live as long
# as the process: a garbage collection that walks through all of them takes a tenth of a second, in the middle of some
# request.
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()
