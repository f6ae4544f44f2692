"""Image registries as nodes: whether one answers, and what it keeps beside the images that it is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from scanners.connectors.attachments import evidence_of
from scanners.connectors.registry_client import Registry, open_registry
from scanners.connectors.session import NO_OPTIONS, Options, Report
from scanners.records import AssetKind, Credential, Limits, NodeError, ProbeReport, Skipped
from scanners.registry_images import RegistryImage, WantedImage, registry_image

KIND = "registry"
# What is wrong with one image, and not with the registry.
_OF_ONE_IMAGE = frozenset(
    {
        "vanished",
        "permission_denied",
        "malformed",
        "too_large",
        "too_many",
        "digest_mismatch",
        "registry_error",
    }
)


@contextlib.contextmanager
def open_node(
    address: str,
    credential: Credential,
    limits: Limits,
    options: Options = NO_OPTIONS,
    *,
    is_cancelled: Callable[[], bool],
) -> Iterator[RegistrySession]:
    """Open a registry and close it again. Raises `NodeError`, whose code says what is wrong."""
    with open_registry(address, credential, limits, options, is_cancelled=is_cancelled) as registry:
        yield RegistrySession(registry, options.images)


class RegistrySession:
    """An open registry, and the images that are looked up in it. Made by `open_node`."""

    def __init__(self, registry: Registry, wanted: Sequence[WantedImage]) -> None:
        self._registry = registry
        self._wanted = wanted

    @property
    def bytes_read(self) -> int:
        return self._registry.bytes_read

    def probe(self) -> ProbeReport:
        """Whether a registry answers there, and lets us in. Raises `NodeError`."""
        self._registry.ping()
        address = self._registry.address
        return ProbeReport(
            engine="Registry",
            version=self._registry.api_version,
            api_version="v2",
            name=str(address.name) + (f"/{address.namespace}" if address.namespace else ""),
            containers=None,
            images=None,
            networks=None,
            volumes=None,
            swarm="",
            readable=("manifests", "signatures"),
            missing=(),
        )

    def collect(self, report: Report) -> Iterator[RegistryImage | Skipped]:
        """What is beside each wanted image. One that cannot be read is a `Skipped`, and so is all that a limit of rate
        leaves; `report` is called with the phase images, done and total. Raises `NodeError`."""
        self._registry.ping()
        for position, wanted in enumerate(self._wanted):
            report("images", position, len(self._wanted))
            try:
                yield registry_image(wanted.key, evidence_of(self._registry, wanted))
            except NodeError as error:
                if error.code == "rate_limited" and position:
                    left = len(self._wanted) - position
                    yield Skipped(kind=error.code, where=f"{left} more images", reason=error.message)
                    return
                if error.code not in _OF_ONE_IMAGE:
                    raise
                self._registry.check_budget()
                yield Skipped(
                    kind=error.code,
                    where=f"image {wanted.repository}@{wanted.digest}",
                    reason=error.message,
                    asset_kind=AssetKind.IMAGE,
                    asset_key=wanted.key,
                )
        report("images", len(self._wanted), len(self._wanted))
