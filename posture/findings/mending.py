"""What mends a finding: the upgrade of a package, or the setting that a check asks for. Named `upgrade:deb:openssl` and
`setting:<check>`."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, NullIf

from posture.compliance.models import Check
from posture.findings.agreement import FIXED
from posture.vulnerabilities.models import Package

# All packages that are built from one source are mended by the same upgrade.
SOURCE = Coalesce(NullIf(F("package__source_name"), Value("")), F("package__name"))
MENDABLE = Q(check_definition__isnull=False) | Q(fix=FIXED, package__isnull=False)


def mended_by(names: Iterable[str]) -> Q:
    """Condition: one of these mends it. A name that nothing has matches nothing."""
    condition = Q(pk__in=[])
    for name in names:
        sort, _, rest = name.partition(":")
        if sort == "setting":
            condition |= Q(
                check_definition__in=list(Check.objects.filter(slug=rest).values_list("pk", flat=True))
            )
        elif sort == "upgrade":
            ecosystem, _, source = rest.partition(":")
            of_source = Q(source_name=source) | Q(source_name="", name=source)
            packages = Package.objects.filter(of_source, ecosystem=ecosystem)
            condition |= Q(fix=FIXED, package__in=list(packages.values_list("pk", flat=True)))
    return condition
