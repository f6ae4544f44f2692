"""How a combination is declared: what must not come together, why, what to do, examples, then a pure function."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scanners.records import Record, Severity

SOCKET = "docker.container.no-engine-socket"
SENSITIVE_MOUNTS = "docker.container.no-sensitive-mounts"
ESCAPE_CAPABILITIES = "docker.container.no-dangerous-capabilities"
ROOT = "docker.container.user-non-root"
SECCOMP = "docker.container.seccomp-not-disabled"
APPARMOR = "docker.container.apparmor"
SELINUX = "docker.container.selinux"
HOST_NETWORK = "docker.container.not-host-network"
SECRETS_IN_IMAGE = "image.no-secrets"
SECRETS_IN_ENV = "docker.container.no-secrets-in-env"
# What gives a container power over its host, in words.
POWERS = {
    SOCKET: "holds the engine's socket",
    SENSITIVE_MOUNTS: "mounts sensitive directories of the host",
    ESCAPE_CAPABILITIES: "has a capability that allows escape",
}
# All that rules ask of a container; of other checks facts say nothing.
ASKED = frozenset(
    {
        *POWERS,
        ROOT,
        SECCOMP,
        APPARMOR,
        SELINUX,
        HOST_NETWORK,
        SECRETS_IN_ENV,
    }
)


class Flaw(Record, frozen=True, kw_only=True):
    """A vulnerability in the image of a container that is exploited or critical."""

    key: str
    package: str
    severity: Severity
    is_exploited: bool = False
    is_in_use: bool = False


class Facts(Record, frozen=True, kw_only=True):
    """What is known of one running container and its image, as far as rules ask. `failing` are those of the checks `ASKED`
    that fail on the container; `published` its ports that are open on every address. Of `flaws` the first of each kind is
    told (exploited, in use, critical, or not), those in use before the others."""

    container: str
    host: str
    image: str
    published: tuple[str, ...] = ()
    is_privileged: bool = False
    failing: frozenset[str] = frozenset()
    flaws: tuple[Flaw, ...] = ()
    secrets: tuple[str, ...] = ()

    @property
    def is_reachable(self) -> bool:
        return bool(self.published)

    @property
    def power(self) -> str:
        """By what the container has power over its host, in words; "" where it has none."""
        if self.is_privileged:
            return "privileged"
        return next((words for check, words in POWERS.items() if check in self.failing), "")

    @property
    def entrance(self) -> str:
        return f"reachable at {', '.join(self.published[:3])}"


def path(*steps: str) -> tuple[str, ...]:
    """The way through, as one line of evidence."""
    return (" → ".join(steps),)


Judge = Callable[[Facts], tuple[str, ...] | None]


class Rule(Record, frozen=True, kw_only=True):
    """`judge` gives the path where the facts come together, None where they do not. A rule that asks for flaws asks for an
    entrance or for power too: a change of flaws is judged only where there is one."""

    id: str
    title: str
    severity: Severity
    rationale: str
    remediation: str
    good: tuple[Facts, ...]
    bad: tuple[Facts, ...]
    judge: Judge


def rule(
    *,
    title: str,
    severity: Severity,
    rationale: str,
    remediation: str,
    good: Sequence[Facts],
    bad: Sequence[Facts],
) -> Callable[[Judge], Rule]:
    """Declare a rule; its id is the name of its function."""

    def declare(judge: Judge) -> Rule:
        return Rule(
            id=judge.__name__.replace("_", "-"),
            title=title,
            severity=severity,
            rationale=rationale,
            remediation=remediation,
            good=tuple(good),
            bad=tuple(bad),
            judge=judge,
        )

    return declare
