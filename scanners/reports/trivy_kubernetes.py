"""Trivy's JSON of a Kubernetes cluster (`trivy k8s`): the first layout with vulnerabilities and misconfigurations apart, and
the later one with resources.

Written after Trivy's `pkg/k8s/report`. The images of workloads are subjects. What is said of the resources themselves
(misconfigurations, rights, infrastructure) is about no image: one `Skipped` for each resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from scanners.records import Skipped
from scanners.reported import Origin, Reported, ReportedImage
from scanners.reports.json_items import Items, Layout, each, whole
from scanners.reports.source import Source
from scanners.reports.trivy import OS, Metadata, Result, image_of, result_of

NAME = "Trivy Kubernetes JSON"
TOOL = "trivy"
_FIRST = re.compile(rb'\{\s*(?:"[^"]*"\s*:\s*(?:"[^"]*"|\d+)\s*,\s*)*"ClusterName"\s*:')
# A result of a distribution's packages is named "image (family version)".
_LONGEST_TARGET = 500  # the pattern takes the square of the length
_TARGET = re.compile(r"(?P<name>\S+) \((?P<family>.+?)(?: (?P<version>\S+))?\)")


class _Resource(Layout):
    Namespace: str | None = None
    Kind: str | None = None
    Name: str | None = None
    Metadata: list[Metadata] | Metadata | None = None  # a list from 0.52
    Results: Items = None
    Error: str | None = None


class _Report(Layout):
    ClusterName: str | None = None
    Resources: Items = None
    Findings: Items = None  # with --report summary
    Vulnerabilities: Items = None  # before 0.33, as is Misconfigurations
    Misconfigurations: Items = None


def score(source: Source) -> int:
    return 95 if _FIRST.match(source.head.lstrip()[:2048]) else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 2)
    yield Origin(format=NAME, tool=TOOL)
    seen: set[str] = set()
    for name in ("Vulnerabilities", "Misconfigurations", "Resources", "Findings"):
        for _, resource in each(getattr(report, name), _Resource, name):
            if isinstance(resource, Skipped):
                yield resource
            else:
                yield from _Reading(resource, seen, is_whole=lost is None).records()
    if lost is not None:
        yield lost


class _Reading:
    """One resource: its results in order, each given to the image that was named last."""

    def __init__(self, resource: _Resource, seen: set[str], *, is_whole: bool) -> None:
        self.resource = resource
        self.seen = seen
        self.is_whole = is_whole
        said = resource.Metadata
        self.known = [said] if isinstance(said, Metadata) else said or []
        self.image: ReportedImage | None = None
        self.unattached = 0

    def records(self) -> Iterator[Reported]:
        about = self.resource
        where = "/".join(part for part in (about.Namespace, about.Kind, about.Name) if part)
        for _, result in each(about.Results, Result, f"{where}.Results"):
            if isinstance(result, Skipped):
                yield result
            elif result.Class == "config" and result.Type != "dockerfile":
                self.unattached += len(result.Misconfigurations or ())
            else:
                yield from self._of_image(result)
        if about.Error:
            yield Skipped(
                kind="engine_error", where=where, reason=f"Trivy could not scan it: {about.Error[:300]}"
            )
        if self.unattached:
            yield Skipped(
                kind="unattached",
                where=where,
                reason=f"findings about the resource, and about no image that is named: {self.unattached}",
            )

    def _of_image(self, result: Result) -> Iterator[Reported]:
        found = self._image(result)
        if found is None:
            self.unattached += sum(
                len(items or ())
                for items in (result.Vulnerabilities, result.Misconfigurations, result.Secrets)
            )
            return
        if found is not self.image:
            self.image = found
            # The same image runs in many workloads, and each of them lists all that is in it.
            self.is_repeated = (found.digest or found.name) in self.seen
            self.seen.add(found.digest or found.name)
            if not self.is_repeated:
                yield found
        if not self.is_repeated:
            yield from result_of(result, found.os_family, found.os_version)

    def _image(self, result: Result) -> ReportedImage | None:
        named = (
            _TARGET.fullmatch((result.Target or "")[:_LONGEST_TARGET]) if result.Class == "os-pkgs" else None
        )
        if named is None:
            if self.image is not None or len(self.known) != 1 or not _is_named(self.known[0]):
                return self.image
            about, name = self.known[0], ""
        else:
            name = named["name"]
            fitting = [
                about for about in self.known if name in (*(about.RepoTags or ()), *(about.RepoDigests or ()))
            ]
            about = (fitting or (self.known if len(self.known) == 1 else [Metadata()]))[0]
            about.OS = about.OS or OS(Family=named["family"], Name=named["version"])
        image = image_of(name, about, is_whole=self.is_whole)
        return msgspec.structs.replace(
            image,
            name=name or next(iter((*image.references, *image.repo_digests)), ""),
            references=image.references or ((name,) if name and "@" not in name else ()),
            repo_digests=image.repo_digests or ((name,) if "@" in name else ()),
        )


def _is_named(about: Metadata) -> bool:
    return bool(about.ImageID or about.RepoTags or about.RepoDigests)
