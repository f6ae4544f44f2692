"""An image where it is used: what each environment that runs it demands, and what is known of its signatures there."""

from __future__ import annotations

from scanners.records import Record
from scanners.signatures.records import SignatureOutcome


class ImageUse(Record, frozen=True, kw_only=True):
    """One environment in which containers of the image exist.

    `references` are the names that they were started by. `allowed_registries` is None where nobody wrote a list; an empty
    one allows nothing. `outcome` and `reason` are those under the environment's own trusted signers.
    """

    environment: str
    references: tuple[str, ...] = ()
    allowed_registries: tuple[str, ...] | None = None  # hosts or host/path prefixes: "docker.io/library"
    requires_signatures: bool = False
    outcome: SignatureOutcome = SignatureOutcome.NOT_MEASURED
    reason: str = ""
    has_trusted_provenance: bool = False


class ImageUseFacts(Record, frozen=True, kw_only=True):
    """An image of the whole fleet with its uses. `provenance` says in a line each how it is said to have been built.

    `is_from_registry` is whether any host knows a digest under which a registry gave it.
    """

    id: str
    uses: tuple[ImageUse, ...] = ()
    is_from_registry: bool = True
    provenance: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.id
