"""What the desk keeps: when background work was last seen doing something."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """The last moment at which a cluster of workers began a task. Several hosts' workers of one cluster share a row."""

    cluster = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.cluster} at {self.beat_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls, cluster: str, *, now: datetime) -> None:
        cls.objects.update_or_create(cluster=cluster, defaults={"beat_at": now})
