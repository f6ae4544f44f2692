"""Decisions through the whole of ingest: what they hide, what outlives a rebuild, what ends them, who may make them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.base.problems import Conflict, Invalid, NotAllowed
from posture.collection.reports import import_file
from posture.decisions import actions
from posture.decisions.choices import DecisionState, EndsWhen, Layer, Reason
from posture.decisions.models import Decision, Verdict
from posture.findings import tallies
from posture.findings.choices import Outcome, Work
from posture.findings.models import Finding
from posture.fleet.actions import update_environment
from posture.fleet.models import Asset, Node
from posture.history.models import Entry
from posture.risk import formula, loads
from posture.vulnerabilities import ingest
from posture.vulnerabilities.models import Feed, Vulnerability
from scanners.checks.examples import container, image
from scanners.records import PublishedPort
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_feeds import load
from tests.posture.collection.test_reports import DIGEST, saved, trivy, vulnerability
from tests.posture.people import person, send, signed_in

pytestmark = pytest.mark.django_db
REBUILT = "sha256:" + "b" * 64


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def ada() -> User:
    return person()


@pytest.fixture
def web(tmp_path: Path) -> Asset:
    """An image with two vulnerabilities, that production runs."""
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2))))
    run_it(DIGEST, "shop/web:1.0")
    return Asset.objects.get(key=DIGEST)


def run_it(digest: str, name: str, *, host: str = "alpha", slug: str = "production", **changes: Any) -> None:
    of_node = Node.objects.filter(name=host).first() or node(host, environment(slug))
    write(
        of_node,
        pulled(
            [container(id=host[0] * 64, image_id=digest, image_reference=name, **changes)],
            [image(id=digest, references=(name,), in_use_references=(name,))],
            engine_id=f"engine-{host}",
            name=host,
        ),
    )


def decide(by: User | None, number: int = 1, **fields: Any) -> Decision:
    terms = {
        "outcome": Outcome.FALSE_POSITIVE,
        "reason": Reason.BACKPORTED,
        "vulnerability": Vulnerability.objects.get(key=f"CVE-2026-{1000 + number}"),
        "repository": "shop/web",
        **fields,
    }
    return actions.make(by=by, **terms)


def on_the_worklist() -> set[str]:
    rows = Finding.objects.on_the_worklist().filter(kind="vulnerability")
    return set(rows.values_list("vulnerability__key", flat=True))


def finding(number: int = 1, digest: str = DIGEST) -> Finding:
    return Finding.objects.get(asset__key=digest, vulnerability__key=f"CVE-2026-{1000 + number}")


def exploit(tmp_path: Path, number: int = 1) -> None:
    """CISA lists the vulnerability."""
    path = tmp_path / "kev.json"
    entry = {
        "cveID": f"CVE-2026-{1000 + number}",
        "vulnerabilityName": "flaw",
        "dateAdded": str(date.today()),
        "dueDate": "2026-12-31",
        "knownRansomwareCampaignUse": "Unknown",
    }
    path.write_text(json.dumps({"catalogVersion": "1", "count": 1, "vulnerabilities": [entry]}))
    feed = Feed.objects.get_or_create(name="CISA KEV", defaults={"kind": "kev", "address": "https://x"})[0]
    load(feed, path)


def test_a_false_positive_leaves_worklist_load_counts_and_tallies(web: Asset, ada: User) -> None:
    before = web.load
    decision = decide(ada)
    assert on_the_worklist() == {"CVE-2026-1002"}
    assert finding().decided == decision.outcome_number
    web.refresh_from_db()
    assert before is not None and web.load is not None and web.load < before
    assert web.open_high == 1
    tallies.fold()
    assert tallies.counted() == (tallies.recount(), tallies.counted())[1]
    assert sum(row[0] for (pk, where), row in tallies.counted().items() if where is None) == 1


def test_an_accepted_risk_is_hidden_and_still_weighs(web: Asset, ada: User) -> None:
    before = web.load
    decide(ada, outcome=Outcome.ACCEPTED, reason=Reason.NO_FIX)
    web.refresh_from_db()
    assert (on_the_worklist(), web.load, web.open_high) == ({"CVE-2026-1002"}, before, 1)


def test_it_outlives_a_rebuild_under_a_new_tag(web: Asset, ada: User, tmp_path: Path) -> None:
    decide(ada)
    report = trivy(vulnerability(1), vulnerability(3), ArtifactName="shop/web:2.0")
    report["Metadata"] |= {"ImageID": REBUILT, "RepoTags": ["shop/web:2.0"]}
    import_file(saved(tmp_path, report, "rebuilt.json"))
    run_it(REBUILT, "shop/web:2.0")
    assert finding(1, REBUILT).decided is not None
    assert finding(3, REBUILT).decided is None
    assert finding(1, REBUILT).verdicts.get().decision.repository == "shop/web"


def test_a_scan_before_the_image_is_named_is_decided_when_it_is(ada: User, tmp_path: Path) -> None:
    """A report may not say from which repository an image is; the host that holds it does."""
    report = trivy(vulnerability(1), ArtifactName="image.tar")
    report["Metadata"] |= {"RepoTags": []}
    import_file(saved(tmp_path, report))
    decide(ada)
    assert finding().decided is None
    run_it(DIGEST, "shop/web:1.0")
    assert finding().decided is not None


def test_what_is_decided_for_staging_hides_nothing_of_production(web: Asset, ada: User) -> None:
    run_it(DIGEST, "shop/web:1.0", host="beta", slug="staging")
    decide(ada, environment=environment("staging"))
    assert finding().decided is None
    decide(ada, number=2)
    assert finding(2).decided is not None


def test_withdrawing_brings_it_back_with_its_past(web: Asset, ada: User) -> None:
    before = web.load
    opened = finding().opened_at
    decision = decide(ada)
    actions.withdraw(decision=decision, why="It was wrong.", by=ada)
    web.refresh_from_db()
    assert (finding().decided, finding().opened_at, web.load) == (None, opened, before)
    assert [(v.decision_id, v.closed_at is None) for v in finding().verdicts.all()] == [(decision.pk, False)]
    assert [e.verb for e in Entry.objects.filter(object_kind="decision").order_by("id")] == [
        "decided",
        "withdrawn",
    ]


def test_what_comes_back_elsewhere_names_its_ecosystem_there(web: Asset, ada: User) -> None:
    """While it was hidden, its image came to lie on another set of environments."""
    tallies.fold()
    decision = decide(ada)
    run_it(DIGEST, "shop/web:1.0", host="beta", slug="staging")
    tallies.fold()
    actions.withdraw(decision=decision, by=ada)
    tallies.fold()
    row = get(signed_in(ada), "/vulnerabilities", search="CVE-2026-1001")["results"][0]
    assert ([place["slug"] for place in row["environments"]], row["ecosystems"]) == (
        ["production", "staging"],
        ["deb"],
    )


def test_layers_are_kept_apart_and_the_higher_one_decides(web: Asset, ada: User) -> None:
    rule = decide(ada, layer=Layer.RULE)
    person_ = decide(ada, outcome=Outcome.MITIGATED, reason=Reason.ISOLATED)
    assert finding().decided == person_.outcome_number
    actions.withdraw(decision=person_, by=ada)
    assert finding().decided == rule.outcome_number
    actions.withdraw(decision=rule, by=ada)
    assert finding().decided is None


def test_a_kev_listing_suspends_it_in_the_same_transaction(web: Asset, ada: User, tmp_path: Path) -> None:
    decision = decide(ada)
    other = decide(ada, number=2)
    exploit(tmp_path)
    decision.refresh_from_db()
    other.refresh_from_db()
    assert (decision.state, other.state) == (DecisionState.SUSPENDED, DecisionState.ACTIVE)
    assert "CISA KEV" in decision.ended_because
    assert finding().decided is None
    assert Entry.objects.filter(verb="suspended", object_id=str(decision.pk)).exists()


def test_why_it_was_suspended_outlives_its_withdrawal(web: Asset, ada: User, tmp_path: Path) -> None:
    decision, client = decide(ada), signed_in(ada)
    exploit(tmp_path)
    between = timezone.now().isoformat()
    actions.withdraw(decision=Decision.objects.get(pk=decision.pk), why="It was wrong.", by=ada)
    now = get(client, f"/decisions/{decision.pk}")
    assert (now["state"], now["ended_because"]) == ("withdrawn", "It was wrong.")
    assert "CISA KEV" in now["suspended_because"]
    then = get(client, f"/decisions/{decision.pk}", as_of=between)
    assert (then["state"], then["ended_because"]) == ("suspended", now["suspended_because"])
    before = get(client, f"/decisions/{decision.pk}", as_of=decision.created_at.isoformat())
    assert (before["state"], before["suspended_because"]) == ("active", "")


def test_one_made_knowing_that_it_is_exploited_stands(web: Asset, ada: User, tmp_path: Path) -> None:
    exploit(tmp_path)
    decide(ada)
    import_file(saved(tmp_path, trivy(vulnerability(1), at="2026-11-02T00:00:00Z"), "again.json"))
    assert finding().decided is not None


def test_becoming_reachable_suspends_it_in_the_pull_that_sees_it(web: Asset, ada: User) -> None:
    decision = decide(ada, trips_on_exposed=True)
    open_port = PublishedPort(container_port=80, protocol="tcp", host_ip="0.0.0.0", host_port=80)
    run_it(DIGEST, "shop/web:1.0", published_ports=(open_port,))
    decision.refresh_from_db()
    assert (decision.state, finding().decided) == (DecisionState.SUSPENDED, None)


def test_another_version_suspends_it(web: Asset, ada: User, tmp_path: Path) -> None:
    decision = decide(ada, trips_on_version=True)
    other = vulnerability(1, InstalledVersion="3.0.1-9",
                          PkgIdentifier={"PURL": "pkg:deb/debian/libssl3@3.0.1-9?arch=amd64&distro=debian-12.5"})  # fmt: skip
    report = trivy(other, ArtifactName="shop/web:2.0")
    report["Metadata"] |= {"ImageID": REBUILT, "RepoTags": ["shop/web:2.0"]}
    import_file(saved(tmp_path, report, "rebuilt.json"))
    decision.refresh_from_db()
    assert decision.state == DecisionState.SUSPENDED
    assert "3.0.1-9" in decision.ended_because
    assert finding().decided is None


def test_it_ends_when_its_time_is_over_and_when_a_fix_appears(web: Asset, ada: User) -> None:
    later = timezone.now() + timedelta(days=1)
    dated = decide(ada, expires_at=later)
    until_fixed = decide(
        ada, number=2, outcome=Outcome.ACCEPTED, reason=Reason.NO_FIX, ends_when=EndsWhen.FIX
    )
    assert actions.end_due(timezone.now()) == 1  # the image's package has a fixed version
    until_fixed.refresh_from_db()
    assert (until_fixed.state, until_fixed.ended_because) == (DecisionState.EXPIRED, "A fix appeared.")
    assert actions.end_due(later + timedelta(seconds=1)) == 1
    dated.refresh_from_db()
    assert (dated.state, on_the_worklist()) == (DecisionState.EXPIRED, {"CVE-2026-1001", "CVE-2026-1002"})
    assert actions.check(timezone.now()) == []


def test_the_nightly_check_finds_and_mends_what_is_hidden_by_nothing(web: Asset, ada: User) -> None:
    decision = decide(ada)
    Decision.objects.filter(pk=decision.pk).update(state=DecisionState.EXPIRED)
    wrong = actions.check(timezone.now())
    assert wrong == [f"finding {finding().pk} was hidden by a decision that is expired"]
    assert (finding().decided, actions.check(timezone.now())) == (None, [])
    Finding.objects.filter(pk=finding().pk).update(decided=2)
    assert "by no decision at all" in actions.check(timezone.now())[0]
    assert finding().decided is None


def test_a_second_person_has_to_agree_where_that_is_asked_for(web: Asset, ada: User) -> None:
    update_environment(environment=environment("production"), requires_approval=True)
    decision = decide(ada)
    assert (decision.state, finding().decided, finding().work) == (DecisionState.AWAITING_APPROVAL, None, 2)
    with pytest.raises(NotAllowed, match="second person"):
        actions.approve(decision=decision, by=ada)
    actions.approve(decision=decision, by=person("grace", Role.ANALYST))
    assert (finding().decided, finding().work) == (decision.outcome_number, None)
    with pytest.raises(Conflict):
        actions.approve(decision=decision, by=person("joan"))
    refused = decide(ada, number=2)
    actions.reject(decision=refused, why="No.", by=person("mary"))
    assert (finding(2).decided, finding(2).work) == (None, None)


def test_a_finding_waits_while_any_proposal_about_it_does(web: Asset, ada: User) -> None:
    update_environment(environment=environment("production"), requires_approval=True)
    first, second = decide(ada), decide(ada)
    actions.reject(decision=first, why="No.", by=person("grace"))
    assert finding().work == Work.AWAITING_APPROVAL
    actions.reject(decision=second, why="No.", by=person("joan"))
    assert finding().work is None


def test_a_proposal_to_which_nobody_agreed_ends_with_its_time(web: Asset, ada: User) -> None:
    update_environment(environment=environment("production"), requires_approval=True)
    later = timezone.now() + timedelta(days=1)
    decision = decide(ada, expires_at=later)
    Decision.objects.filter(pk=decision.pk).update(expires_at=timezone.now())
    with pytest.raises(Conflict, match="is over"):
        actions.approve(decision=decision, by=person("grace"))
    Decision.objects.filter(pk=decision.pk).update(expires_at=later)
    assert actions.end_due(later - timedelta(seconds=1)) == 0
    assert (actions.end_due(later), actions.end_due(later)) == (1, 0)
    decision.refresh_from_db()
    assert (decision.state, finding().decided, finding().work) == (DecisionState.EXPIRED, None, None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"vulnerability": None}, "vulnerability"),
        ({"reason": Reason.NO_FIX}, "reason"),
        ({"reason": Reason.OTHER}, "note"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
        ({"tag": "1.0", "digest": DIGEST}, "digest"),
        ({"labels": {"x": 5}}, "labels"),
        ({"trips_on_epss": 2.0}, "trips_on_epss"),
    ],
)
def test_what_is_wrong_is_named(web: Asset, ada: User, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as told:
        decide(ada, **fields)
    assert field in str(told.value.detail)
    assert not Decision.objects.exists()


def test_who_sees_a_part_decides_for_that_part(web: Asset) -> None:
    limited = person("lin", Role.ANALYST, environments=[environment("staging")])
    with pytest.raises(NotAllowed):
        decide(limited)
    with pytest.raises(NotAllowed):
        decide(limited, environment=environment("production"))
    assert decide(limited, environment=environment("staging")).state == DecisionState.ACTIVE
    assert finding().decided is None


def test_vex_decides_below_people_and_is_taken_back_with_its_author(
    web: Asset, ada: User, tmp_path: Path
) -> None:
    def states(status: str, number: int) -> Path:
        statement = {
            "vulnerability": {"name": "CVE-2026-1001"},
            "products": [{"@id": "pkg:deb/debian/libssl3@3.0.1-1"}],
            "status": status,
            "timestamp": f"2026-11-0{number}T00:00:00Z",
        }
        if status == "not_affected":
            statement["justification"] = "vulnerable_code_not_present"
        document = {
            "@context": "https://openvex.dev/ns/v0.2.0", "@id": f"https://x/{number}", "author": "Debian",
            "timestamp": f"2026-11-0{number}T00:00:00Z", "version": number, "statements": [statement],
        }  # fmt: skip
        return saved(tmp_path, document, f"vex{number}.json")

    import_file(states("not_affected", 1))
    decision = Decision.objects.get()
    assert decision.statement is not None
    assert (decision.layer, decision.reason, decision.statement.author) == (
        Layer.STATEMENT, Reason.CODE_NOT_PRESENT, "Debian",
    )  # fmt: skip
    assert (finding().decided, finding(2).decided) == (decision.outcome_number, None)
    mine = decide(ada, outcome=Outcome.ACCEPTED, reason=Reason.NO_FIX)
    assert finding().decided == mine.outcome_number
    actions.withdraw(decision=mine, by=ada)
    assert finding().decided == decision.outcome_number
    import_file(states("affected", 2))
    decision.refresh_from_db()
    assert (decision.state, finding().decided) == (DecisionState.WITHDRAWN, None)


def test_the_past_shows_what_was_hidden_then(web: Asset, ada: User) -> None:
    client = signed_in(ada)
    before = timezone.now()
    decision = decide(ada)
    between = timezone.now()
    actions.withdraw(decision=decision, by=ada)

    def keys(**parameters: Any) -> list[tuple[str, str]]:
        rows = get(client, "/findings", kind="vulnerability", **parameters)["results"]
        return sorted((row["vulnerability"]["key"], row["state"]) for row in rows)

    both = [("CVE-2026-1001", "open"), ("CVE-2026-1002", "open")]
    assert keys(as_of=before.isoformat()) == both
    assert keys(as_of=between.isoformat()) == [("CVE-2026-1002", "open")]
    # What people did about it is not kept for the past: there it is open, and in no other live state.
    assert keys(as_of=between.isoformat(), state="open") == [("CVE-2026-1002", "open")]
    assert keys(as_of=between.isoformat(), state="reopened,in_progress,awaiting_approval") == []
    assert keys(as_of=between.isoformat(), hidden="only") == [("CVE-2026-1001", "false_positive")]
    assert keys(as_of=between.isoformat(), hidden="include") == [
        ("CVE-2026-1001", "false_positive"),
        ("CVE-2026-1002", "open"),
    ]
    assert keys() == both


class TestTheApi:
    @pytest.fixture
    def client(self, ada: User) -> Client:
        return signed_in(ada)

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "outcome": "false_positive",
            "reason": "backported",
            "vulnerability": "CVE-2026-1001",
            "repository": "shop/web",
            **changes,
        }

    def test_a_preview_tells_all_and_keeps_nothing(self, web: Asset, client: Client, tmp_path: Path) -> None:
        exploit(tmp_path)
        told = send(client, "POST", "/decisions/preview", self.body()).json()
        assert told["findings"] == {"value": 1, "exact": True}
        assert (told["assets"], told["by_severity"]["high"], told["exploited"]) == (1, 1, 1)
        assert [e["slug"] for e in told["environments"]] == ["production"]
        assert told["sample"][0]["id"] == finding().pk
        assert any("known to be exploited" in warning for warning in told["warnings"])
        assert told["history"]["weeks"][-1]["hidden"] == 1
        assert [trip["why"] for trip in told["history"]["trips"]] == [
            "It was listed as known to be exploited (CISA KEV)."
        ]
        assert not Decision.objects.exists()

    def test_it_is_made_shown_and_taken_back(self, web: Asset, client: Client) -> None:
        made = send(client, "POST", "/decisions", self.body(note="See the changelog."))
        assert made.status_code == 201, made.content
        row = made.json()
        assert (row["problem"], row["state"], row["created_by"]) == ("CVE-2026-1001", "active", "ada")
        assert row["hides"] == {"value": 1, "exact": True}
        shown = get(client, f"/findings/{finding().pk}")
        assert (shown["state"], shown["decision"]["id"]) == ("false_positive", row["id"])
        assert [one["verb"] for one in shown["activity"]] == ["hidden"]
        assert get(client, "/decisions", stale="true")["results"] == []
        after = send(client, "POST", f"/decisions/{row['id']}/withdraw", {"why": "Wrong."}).json()
        assert (after["state"], after["hides"]["value"]) == ("withdrawn", 0)
        assert get(client, "/decisions")["results"] == []
        assert len(get(client, "/decisions", state="withdrawn")["results"]) == 1

    def test_what_hides_nothing_is_flagged(self, web: Asset, client: Client) -> None:
        send(client, "POST", "/decisions", self.body(repository="shop/other"))
        assert [row["is_stale"] for row in get(client, "/decisions")["results"]] == [True]
        assert len(get(client, "/decisions", stale="true")["results"]) == 1

    def test_the_suggested_scope_outlives_a_rebuild(self, web: Asset, client: Client) -> None:
        told = get(client, "/decisions/suggestion", finding=finding().pk)
        assert (told["vulnerability"], told["package"], told["repository"]) == (
            "CVE-2026-1001",
            "libssl3",
            "shop/web",
        )
        assert (told["asset"], told["tags"]) == (None, ["1.0"])

    def test_a_viewer_may_look_and_not_decide(self, web: Asset) -> None:
        viewer = signed_in(person("vic", Role.VIEWER))
        assert send(viewer, "POST", "/decisions", self.body()).status_code == 403
        assert get(viewer, "/decisions")["results"] == []

    def test_nobody_sees_counts_of_elsewhere(self, web: Asset, client: Client) -> None:
        send(client, "POST", "/decisions", self.body())
        elsewhere = signed_in(person("eve", Role.ANALYST, environments=[environment("staging")]))
        [row] = get(elsewhere, "/decisions")["results"]
        assert row["hides"]["value"] == 0
        narrowed = self.body(vulnerability="CVE-2026-1002", environment="production")
        send(client, "POST", "/decisions", narrowed)
        assert len(get(elsewhere, "/decisions")["results"]) == 1

    def test_renewing_makes_a_new_one_in_its_place(self, web: Asset, client: Client) -> None:
        old = send(client, "POST", "/decisions", self.body()).json()
        later = (timezone.now() + timedelta(days=90)).isoformat()
        new = send(client, "POST", f"/decisions/{old['id']}/renew", {"expires_at": later}).json()
        assert new["id"] != old["id"]
        assert (new["state"], new["hides"]["value"]) == ("active", 1)
        assert Verdict.objects.current().get().decision_id == new["id"]


def test_loads_equal_a_recount_after_decisions(web: Asset, ada: User) -> None:
    decision = decide(ada)
    decide(ada, number=2, outcome=Outcome.ACCEPTED, reason=Reason.NO_FIX)
    actions.withdraw(decision=decision, by=ada)
    for asset in Asset.objects.all():
        kept = asset.load
        loads.recompute([asset.pk], timezone.now())
        asset.refresh_from_db()
        assert asset.load == kept
        weighing = Finding.objects.weighing().filter(asset=asset)
        assert asset.own_energy == pytest.approx(
            sum(formula.energy(points) for points in weighing.values_list("points", flat=True))
        )


class TestThePast:
    """Decisions as of a moment: in the state of then, with what each hid."""

    def shown(self, by: User, moment: Any = None, **parameters: str) -> list[tuple[str, int, bool]]:
        more = {"as_of": moment.isoformat()} if moment is not None else {}
        rows = get(signed_in(by), "/decisions", **more, **parameters)["results"]
        return [(row["state"], row["hides"]["value"], row["ended_at"] is not None) for row in rows]

    def test_what_was_suspended_and_withdrawn_later_was_in_force_then_suspended(
        self, web: Asset, ada: User
    ) -> None:
        before = timezone.now()
        decision = decide(ada, trips_on_exposed=True)
        in_force = timezone.now()
        open_port = PublishedPort(container_port=80, protocol="tcp", host_ip="0.0.0.0", host_port=80)
        run_it(DIGEST, "shop/web:1.0", published_ports=(open_port,))
        suspended = timezone.now()
        decision.refresh_from_db()
        assert decision.state == DecisionState.SUSPENDED
        actions.withdraw(decision=decision, by=ada)
        assert self.shown(ada, before) == []
        assert self.shown(ada, in_force) == [("active", 1, False)]
        assert self.shown(ada, suspended) == [("suspended", 0, True)]
        assert self.shown(ada) == [] and self.shown(ada, state="withdrawn") == [("withdrawn", 0, True)]
        assert self.shown(ada, in_force, state="withdrawn") == []
        assert self.shown(ada, in_force, stale="true") == [] and len(self.shown(ada, in_force, stale="false"))

    def test_what_waited_for_a_second_person_waits_as_of_then(self, web: Asset, ada: User) -> None:
        update_environment(environment=environment("production"), requires_approval=True)
        decision = decide(ada)
        waiting = timezone.now()
        actions.approve(decision=decision, by=person("bob", Role.ADMINISTRATOR))
        told = get(signed_in(ada), f"/decisions/{decision.pk}", as_of=waiting.isoformat())
        assert (told["state"], told["active_from"], told["approved_by"]) == ("awaiting_approval", None, None)
        facets = get(signed_in(ada), "/decisions/facets", as_of=waiting.isoformat())["facets"]
        states = {one["value"]: one["count"]["value"] for one in facets[0]["values"]}
        assert (states["awaiting_approval"], states["active"]) == (1, 0)
