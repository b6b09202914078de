"""The Celery app. Loaded by governance.apps once Django is ready, and by `celery -A governance`."""

from __future__ import annotations

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
TRANSPORT_ALIASES["filesystem"] = "governance.doorbell:Transport"

app = Celery("plumbline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
