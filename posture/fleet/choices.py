"""Enumerations of the fleet, with declared order; `/api/v1/meta` serves them to the UI."""

from django.db import models


class AssetKind(models.TextChoices):
    HOST = "host", "Host"
    CONTAINER = "container", "Container"
    IMAGE = "image", "Image"
    CLUSTER = "cluster", "Cluster"


class NodeKind(models.TextChoices):
    DOCKER = "docker", "Docker Engine"
    PROBE = "probe", "Host probe"
    REGISTRY = "registry", "Registry"


class Source(models.TextChoices):
    """Who brings evidence of a host and its containers. Each owns what it said, and resolves nothing of the other's."""

    ENGINE = "engine", "Engine"
    PROBE = "probe", "Host probe"


class NodeState(models.TextChoices):
    """The node's lamp."""

    NEW = "new", "Never pulled"
    HEALTHY = "healthy", "Healthy"
    DEGRADED = "degraded", "Degraded"
    FAILING = "failing", "Failing"
    PAUSED = "paused", "Paused"


class PullState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    PARTIAL = "partial", "Partial"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class PullTrigger(models.TextChoices):
    SCHEDULE = "schedule", "Schedule"
    PERSON = "person", "A person"
    RETRY = "retry", "Retry"
    REGISTRATION = "registration", "Registration"


class EnrolmentState(models.TextChoices):
    """What an enrolment token is good for; only an open one registers a host."""

    OPEN = "open", "Open"
    USED = "used", "Used"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"


class ContainerStatus(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    RESTARTING = "restarting", "Restarting"
    CREATED = "created", "Created"
    EXITED = "exited", "Exited"
    REMOVING = "removing", "Being removed"
    DEAD = "dead", "Dead"


class DataClass(models.TextChoices):
    PERSONAL = "personal", "Personal data"
    CARDHOLDER = "cardholder", "Cardholder data"


ALIVE = (ContainerStatus.RUNNING, ContainerStatus.PAUSED, ContainerStatus.RESTARTING)
ACTIVE_PULLS = (PullState.QUEUED, PullState.RUNNING)
