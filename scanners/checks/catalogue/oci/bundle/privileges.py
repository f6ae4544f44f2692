from scanners.checks.capabilities import bare
from scanners.checks.catalogue.docker.container.no_dangerous_capabilities import DANGEROUS
from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.host_evidence import decided, of_bundle
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts
from scanners.records import Severity


@check(
    id="oci.bundle.privileges",
    title="The bundle gives no power over the host",
    severity=Severity.CRITICAL,
    subject=HostContainerFacts,
    rationale="Root with strong capabilities and the right to gain more is one bug away from the host.",
    remediation="Set noNewPrivileges, drop capabilities, and run as another user or in a user namespace.",
    good=[probed_container(), probed_container(bundle__user_id=0)],
    bad=[
        probed_container(bundle__no_new_privileges=False),
        probed_container(bundle__capabilities={"bounding": ["CAP_SYS_ADMIN"]}),
        probed_container(bundle__capabilities={"bounding": [], "ambient": ["CAP_NET_RAW"]}),
        probed_container(bundle__user_id=0, bundle__user_map=[]),
    ],
    evidence_source="Host probe",
)
def privileges(facts: HostContainerFacts) -> Verdict:
    if (verdict := of_bundle(facts)) is not None or (bundle := facts.container.bundle) is None:
        return verdict or not_measured("no bundle")
    sets = {name: {bare(cap) for cap in caps} for name, caps in (bundle.capabilities or {}).items()}
    strong = sorted(DANGEROUS.intersection(sets.get("bounding", set())))
    wrong = [] if bundle.no_new_privileges else ["noNewPrivileges is not set"]
    wrong += [f"the bounding set holds {name}" for name in strong]
    wrong += [f"the ambient set holds {name}" for name in sorted(sets.get("ambient", set()))]
    maps_root = any(row.inside == 0 and row.outside != 0 for row in bundle.user_map)
    if bundle.user_id == 0 and not maps_root:
        wrong.append("runs as the host's root")
    return decided(wrong, "no dangerous capability, no new privileges, not the host's root")
