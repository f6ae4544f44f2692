"""After every migration the table of checks says what the running version declares."""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


def _store_catalogue(**_: Any) -> None:
    from posture.collection import catalogue

    catalogue.sync()


def _store_feeds(**_: Any) -> None:
    from posture.collection import feeds

    feeds.sync_defaults()


class CollectionConfig(AppConfig):
    name = "posture.collection"

    def ready(self) -> None:
        # The signal is only sent for apps with tables; the catalogue is kept in compliance.
        compliance = apps.get_app_config("compliance")
        post_migrate.connect(_store_catalogue, sender=compliance, dispatch_uid="catalogue of checks")
        vulnerabilities = apps.get_app_config("vulnerabilities")
        post_migrate.connect(_store_feeds, sender=vulnerabilities, dispatch_uid="feeds that are known")
