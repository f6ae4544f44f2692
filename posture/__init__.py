"""The Plimsoll server: a Django project whose apps are the nouns that its users say."""

from posture.celery import app as celery_app

__all__ = ["celery_app"]
