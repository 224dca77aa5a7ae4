"""What the desk keeps: when background work was last seen doing something, and what came of each schedule."""

from __future__ import annotations

from datetime import datetime

from django.db import models

import outreach_site.desk.notices.models
import outreach_site.desk.outgoing.models  # noqa: F401 - the models of both belong to this app


class Heartbeat(models.Model):
    """The last moment at which a cluster of workers on one host began a task."""

    cluster = models.CharField(max_length=40)
    host = models.CharField(max_length=120)
    beat_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["cluster", "host"], name="one_heartbeat_each"),)

    def __str__(self) -> str:
        return f"{self.cluster} on {self.host} at {self.beat_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls, cluster: str, *, host: str, now: datetime) -> None:
        cls.objects.update_or_create(cluster=cluster, host=host, defaults={"beat_at": now})


class Run(models.Model):
    """The last time that something which happens by the clock did happen, and when it last went wrong."""

    schedule = models.CharField(max_length=100, primary_key=True)
    began_at = models.DateTimeField()
    seconds = models.FloatField()
    worked = models.BooleanField()
    host = models.CharField(max_length=120)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=120, blank=True)  # the kind of error; its words are in the log alone

    def __str__(self) -> str:
        return f"{self.schedule} at {self.began_at:%Y-%m-%d %H:%M:%S}"
