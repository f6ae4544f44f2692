"""A host registers itself with an enrolment token: once, in time, and for one environment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.utils import timezone

from posture.accounts import attempts
from posture.accounts.actions import change_role, deactivate
from posture.accounts.choices import Role
from posture.base.problems import Conflict
from posture.collection import schedule
from posture.fleet import enrolment
from posture.fleet.actions import create_environment, create_node, delete_environment, delete_node
from posture.fleet.choices import NodeKind
from posture.fleet.credentials import unseal
from posture.fleet.models import EnrolmentToken, Environment, Node, Pull
from posture.history.actions import HIDDEN
from posture.history.models import Entry
from tests.posture.fleet import certificates
from tests.posture.people import person, program, send, signed_in

pytestmark = pytest.mark.django_db
BEARER = "bearer-token-of-an-agent-0123456789"


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    client = attempts._redis()
    for key in client.scan_iter("plimsoll:attempts:*"):
        client.delete(key)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pulls that would go to the broker."""
    pulls: list[int] = []
    monkeypatch.setattr(schedule, "send", lambda pull, enqueue: pulls.append(pull.pk))
    return pulls


@pytest.fixture
def environment() -> Environment:
    return create_environment(name="Production")


@pytest.fixture
def admin() -> Client:
    return program(person())


def new_token(environment: Environment, **given: Any) -> str:
    return enrolment.create_token(environment=environment, name="web servers", **given)[1]


def question(token: str, /, **changes: Any) -> dict[str, Any]:
    """What `plimsoll-probe enrol` sends."""
    return {
        "token": token,
        "name": "web-1",
        "address": "https://web-1.example.org:7443",
        "certificate": certificates.tls()["ca_certificate"],
        "bearer": BEARER,
        "host": "5f0c3a",
        "probe_version": "0.3.0",
    } | changes


def enrol(token: str, /, client: Client | None = None, **changes: Any) -> Any:
    return send(client or Client(raise_request_exception=False), "POST", "/enrol", question(token, **changes))


def refused(answer: Any) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    return answer.status_code, answer.json()["code"]


# -- making, showing and revoking


def test_a_token_is_made_for_an_environment_and_shown_once(admin: Client, environment: Environment) -> None:
    asked = {"environment": environment.pk, "name": " web servers ", "labels": {"site": "Bremen"}}
    answer = send(admin, "POST", "/enrolment-tokens", asked)
    assert answer.status_code == 201, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    made = answer.json()
    text = made.pop("token")
    assert text.startswith("plme_") and len(text) > 40
    assert (made["name"], made["state"], made["labels"]) == ("web servers", "open", {"site": "Bremen"})
    assert (made["environment"]["slug"], made["created_by"]["username"]) == ("production", "ada")
    token = EnrolmentToken.objects.get()
    assert token.expires_at - token.created_at == timedelta(hours=1)
    assert send(admin, "GET", f"/enrolment-tokens/{token.pk}").json() == made
    assert send(admin, "GET", "/enrolment-tokens").json()["results"] == [made]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"environment": 999}, "environment"),
        ({"expires_in_seconds": 299}, "expires_in_seconds"),
        ({"expires_in_seconds": 604_801}, "expires_in_seconds"),
        ({"expires_in_seconds": "soon"}, "expires_in_seconds"),
        ({"labels": {"bad name": "x"}}, "labels"),
    ],
)
def test_a_wrong_field_is_named(
    admin: Client, environment: Environment, change: dict[str, Any], field: str
) -> None:
    answer = send(
        admin, "POST", "/enrolment-tokens", {"environment": environment.pk, "name": "web servers"} | change
    )
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not EnrolmentToken.objects.exists()


@pytest.mark.parametrize("role", Role.values)
def test_only_who_may_change_nodes_makes_and_revokes_them(role: str, environment: Environment) -> None:
    new_token(environment)
    client = signed_in(person("kim", role))
    allowed = role == Role.ADMINISTRATOR
    pk = EnrolmentToken.objects.get().pk
    assert send(client, "GET", f"/enrolment-tokens/{pk}").status_code == 200
    asked = {"environment": environment.pk, "name": "web servers"}
    assert send(client, "POST", "/enrolment-tokens", asked).status_code == (201 if allowed else 403)
    assert send(client, "DELETE", f"/enrolment-tokens/{pk}").status_code == (204 if allowed else 403)
    reader = program(person("reader", role), scope="read")
    assert send(reader, "POST", "/enrolment-tokens", asked).status_code == 403


def test_who_sees_one_environment_makes_and_sees_tokens_of_that_one(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = create_environment(name="Staging")
    new_token(environment)
    user = person("grace", Role.ANALYST, environments=[staging])
    # No role of today is limited to environments and may change nodes; the door is closed all the same.
    monkeypatch.setattr(type(user), "permissions", {"fleet.view", "nodes.change"})
    client, pk = signed_in(user), EnrolmentToken.objects.get().pk
    asked = {"environment": environment.pk, "name": "web servers"}
    answer = send(client, "POST", "/enrolment-tokens", asked)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "environment")
    assert send(client, "POST", "/enrolment-tokens", asked | {"environment": staging.pk}).status_code == 201
    assert send(client, "DELETE", f"/enrolment-tokens/{pk}").status_code == 404
    assert [
        row["environment"]["slug"] for row in send(client, "GET", "/enrolment-tokens").json()["results"]
    ] == ["staging"]


def test_a_node_that_moved_out_of_sight_is_not_named(environment: Environment) -> None:
    enrol(new_token(environment))
    client = signed_in(person("grace", Role.VIEWER, environments=[environment]))
    assert send(client, "GET", "/enrolment-tokens").json()["results"][0]["node"]["name"] == "web-1"
    Node.objects.update(environment=create_environment(name="Staging"))
    assert send(client, "GET", "/enrolment-tokens").json()["results"][0]["node"] is None


def test_an_api_token_makes_none_that_outlives_it(environment: Environment) -> None:
    client = program(person(), expires_at=timezone.now() + timedelta(minutes=30))
    asked = {"environment": environment.pk, "name": "web servers"}
    answer = send(client, "POST", "/enrolment-tokens", asked)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "expires_in_seconds")
    shorter = asked | {"expires_in_seconds": 600}
    assert send(client, "POST", "/enrolment-tokens", shorter).status_code == 201


def test_there_are_not_endlessly_many(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment, "MOST_OPEN", 1)
    enrol(new_token(environment))
    new_token(environment)
    with pytest.raises(Conflict, match="1 open enrolment tokens"):
        new_token(environment)


def test_the_list_tells_in_which_state_each_is(admin: Client, environment: Environment) -> None:
    texts = {state: new_token(environment) for state in ("open", "used", "expired", "revoked")}
    tokens = {
        state: EnrolmentToken.objects.get(digest=EnrolmentToken.digest_of(text))
        for state, text in texts.items()
    }
    enrol(texts["used"])
    EnrolmentToken.objects.filter(pk=tokens["expired"].pk).update(expires_at=timezone.now())
    assert send(admin, "DELETE", f"/enrolment-tokens/{tokens['revoked'].pk}").status_code == 204
    for state, token in tokens.items():
        (row,) = send(admin, "GET", f"/enrolment-tokens?state={state}").json()["results"]
        assert (row["id"], row["state"]) == (token.pk, state)
    assert send(admin, "GET", "/enrolment-tokens?state=open,used").json()["count"]["value"] == 2
    facets = {f["name"]: f["values"] for f in send(admin, "GET", "/enrolment-tokens/facets").json()["facets"]}
    assert [(value["value"], value["count"]["value"]) for value in facets["state"]] == [
        ("open", 1),
        ("used", 1),
        ("expired", 1),
        ("revoked", 1),
    ]
    assert send(admin, "GET", "/enrolment-tokens?search=WEB").json()["count"]["value"] == 4
    assert send(admin, "GET", "/enrolment-tokens?search=db").json()["count"]["value"] == 0


def test_revoking_is_written_once_and_comes_too_late_for_a_used_one(
    admin: Client, environment: Environment
) -> None:
    text = new_token(environment)
    pk = EnrolmentToken.objects.get().pk
    for _ in range(2):
        assert send(admin, "DELETE", f"/enrolment-tokens/{pk}").status_code == 204
    entry = Entry.objects.get(verb="revoked", object_kind="enrolment_token")
    assert (entry.object_name, entry.actor_name) == ("web servers", "ada (write of tests)")
    assert refused(enrol(text)) == (410, "enrolment_revoked")
    used = new_token(environment)
    enrol(used)
    pk = EnrolmentToken.objects.get(digest=EnrolmentToken.digest_of(used)).pk
    assert refused(send(admin, "DELETE", f"/enrolment-tokens/{pk}")) == (409, "enrolment_used")


# -- a host that registers itself


def test_a_host_becomes_a_node_and_is_pulled_once_its_agent_may_run(
    environment: Environment, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    text = new_token(environment, labels={"site": "Bremen"})
    with django_capture_on_commit_callbacks(execute=True):
        answer = enrol(text)
    node = Node.objects.get()
    assert answer.status_code == 201, answer.content
    assert answer.json() == {"node": {"id": node.pk, "name": "web-1"}}
    assert answer.headers.get("Set-Cookie") is None and not answer.cookies
    assert (node.kind, node.address) == (NodeKind.PROBE, "https://web-1.example.org:7443")
    assert (node.environment, node.labels) == (environment, {"site": "Bremen"})
    credential = unseal(node.credential)
    assert credential.token == BEARER
    assert credential.ca_certificate.strip() == certificates.tls()["ca_certificate"].strip()
    # Until somebody has started the agent a pull would only say that nobody is there.
    assert not Pull.objects.exists() and not sent
    assert (
        timedelta(seconds=30)
        < node.next_due_at - timezone.now()
        <= timedelta(seconds=enrolment.START_SECONDS)
    )
    token = EnrolmentToken.objects.get()
    assert (token.state, token.node) == ("used", node)


def test_what_happened_is_in_the_history_and_no_secret_anywhere(
    admin: Client, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = {"environment": environment.pk, "name": "web servers"}
    made = send(admin, "POST", "/enrolment-tokens", asked).json()
    text = made["token"]
    answers = [enrol(text), enrol(text), enrol(text[:-1] + "?")]
    created, used = (
        Entry.objects.get(object_kind="enrolment_token", verb=verb) for verb in ("created", "used")
    )
    assert (created.actor_kind, created.actor_name) == ("token", "ada (write of tests)")
    assert created.changes["environment"] == [None, "production"]
    node = Entry.objects.get(object_kind="node")
    for entry in (used, node):
        assert (entry.actor_kind, entry.actor_name) == ("token", "enrolment token “web servers”")
        assert (entry.actor.username, entry.ip) == ("ada", "127.0.0.1")
    assert node.changes["credential"] == [None, HIDDEN]
    assert used.changes["node"] == [None, "web-1"]
    assert (used.changes["host"], used.changes["probe_version"]) == ([None, "5f0c3a"], [None, "0.3.0"])
    again = Entry.objects.get(verb="enrolment_refused")
    assert (again.object_id, again.changes) == (str(made["id"]), {"reason": [None, "enrolment_used"]})
    answers += [send(admin, "GET", path) for path in ("/enrolment-tokens", "/history", "/nodes", "/pulls")]
    answers.append(send(admin, "GET", f"/enrolment-tokens/{made['id']}"))
    export = b"".join(send(admin, "GET", "/enrolment-tokens/export?format=jsonl").streaming_content).decode()
    said = "".join(a.content.decode() for a in answers) + export + caplog.text
    said += str(list(Entry.objects.values())) + str(list(EnrolmentToken.objects.values()))
    for secret in (text, text[12:], BEARER, EnrolmentToken.digest_of(text)[:20]):
        assert secret not in said.replace(str(EnrolmentToken.objects.get().digest), "")


def test_a_token_that_is_not_known_is_refused(environment: Environment) -> None:
    text = new_token(environment)
    for other in ("x", text[:-1], text + "x", text.upper(), "plm_" + text):
        assert refused(enrol(other)) == (403, "enrolment_unknown")
    assert not Node.objects.exists()
    assert not Entry.objects.filter(verb="enrolment_refused").exists()


def test_a_token_is_used_once(environment: Environment) -> None:
    text = new_token(environment)
    assert enrol(text).status_code == 201
    assert refused(enrol(text, name="web-2")) == (409, "enrolment_used")
    delete_node(node=Node.objects.get())
    assert refused(enrol(text)) == (409, "enrolment_used")


def test_a_token_ends(environment: Environment) -> None:
    text = new_token(environment)
    EnrolmentToken.objects.update(expires_at=timezone.now())
    assert refused(enrol(text)) == (410, "enrolment_expired")
    assert Entry.objects.get(verb="enrolment_refused").changes == {"reason": [None, "enrolment_expired"]}
    assert not Node.objects.exists()


@pytest.mark.parametrize("ends", [deactivate, lambda user: change_role(user=user, role=Role.ANALYST)])
def test_a_token_ends_with_its_makers_right_to_register_nodes(environment: Environment, ends: Any) -> None:
    person("other")
    user = person()
    text = new_token(environment, by=user)
    ends(user=user)
    assert refused(enrol(text)) == (410, "enrolment_revoked")
    assert not Node.objects.exists()


def test_a_token_goes_with_its_environment(environment: Environment) -> None:
    text = new_token(environment)
    delete_environment(environment=environment)
    assert refused(enrol(text)) == (403, "enrolment_unknown")
    gone = Entry.objects.get(verb="deleted", object_kind="environment").changes["enrolment_tokens"]
    assert gone == [[f"{text[:12]}… (web servers)"], None]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "taken"}, "name"),
        ({"address": "web-1"}, "address"),
        ({"address": "http://web-1:7443"}, "address"),
        ({"address": "local://"}, "address"),
        ({"address": "ssh://root@web-1"}, "address"),
        ({"address": "https://"}, "address"),
        ({"address": "https://web-1:99999"}, "address"),
        ({"address": "https://ops:secret@web-1"}, "address"),
        ({"address": "https://web-1:7443/path"}, "address"),
        ({"address": "https://" + "x" * 500}, "address"),
        ({"certificate": ""}, "certificate"),
        ({"certificate": "   "}, "certificate"),
        ({"certificate": "nonsense"}, "certificate"),
        ({"bearer": ""}, "bearer"),
        ({"bearer": "short"}, "bearer"),
        ({"bearer": "no blanks in a bearer token, whatever it is"}, "bearer"),
        ({"bearer": 5.5}, "bearer"),
        ({"host": "x" * 201}, "host"),
        ({"probe_version": None}, "probe_version"),
    ],
)
def test_what_is_not_acceptable_is_named_and_the_token_stays_open(
    environment: Environment, change: dict[str, Any], field: str
) -> None:
    create_node(name="taken", address="unix:///run/docker.sock", environment=environment)
    text = new_token(environment)
    answer = enrol(text, **change)
    assert refused(answer) == (400, "invalid")
    assert {error["field"] for error in answer.json()["errors"]} == {field}
    assert field in answer.json()["detail"].lower()
    assert Node.objects.count() == 1 and not Pull.objects.exists()
    assert not Entry.objects.filter(verb="used").exists()
    assert EnrolmentToken.objects.get().state == "open"
    assert enrol(text).status_code == 201


def test_a_taken_name_is_said_in_the_one_line_that_a_terminal_shows(environment: Environment) -> None:
    enrol(new_token(environment))
    answer = enrol(new_token(environment))
    assert answer.json()["detail"] == "Name: There is a node with this name already."


@pytest.mark.parametrize("body", ["", "[]", "no JSON", '{"token": "\\ud800"}', "null", '"text"'])
def test_a_body_that_is_none_is_refused(body: str) -> None:
    client = Client(raise_request_exception=False)
    answer = client.post("/api/v1/enrol", data=body, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["code"]


def test_a_host_without_a_machine_id_is_a_host_too(environment: Environment) -> None:
    assert enrol(new_token(environment), host=None).status_code == 201
    assert Entry.objects.get(verb="used").changes["host"] == [None, None]


def test_a_form_of_a_page_is_refused(environment: Environment) -> None:
    answer = Client(raise_request_exception=False).post("/api/v1/enrol", question(new_token(environment)))
    assert answer.status_code == 415


def test_a_large_body_is_not_read(environment: Environment) -> None:
    text = new_token(environment)
    assert refused(enrol(text, certificate="x" * 65_536)) == (413, "too_large")
    assert enrol(text).status_code == 201


def test_no_cookie_and_no_api_token_says_anything_there(environment: Environment) -> None:
    browser = signed_in(person(), enforce_csrf_checks=True)
    assert refused(enrol("x", browser)) == (403, "enrolment_unknown")
    assert refused(enrol("x", program(person("grace")))) == (403, "enrolment_unknown")
    wrong = Client(raise_request_exception=False, headers={"authorization": "Bearer plm_x"})
    wrong.cookies[configured.SESSION_COOKIE_NAME] = "x"
    answer = enrol(new_token(environment), browser)
    assert answer.status_code == 201, answer.content
    assert Entry.objects.get(object_kind="node").actor is None
    assert not answer.cookies
    assert enrol(new_token(environment), wrong, name="web-2").status_code == 201
    assert refused(send(browser, "GET", "/enrol")) == (405, "method_not_allowed")


def test_guessing_is_stopped_for_the_address(environment: Environment) -> None:
    text = new_token(environment)
    for number in range(attempts.PER_ADDRESS):
        assert refused(enrol(f"guess-{number}")) == (403, "enrolment_unknown")
    blocked = enrol(text)
    assert refused(blocked) == (429, "too_many_attempts")
    assert 0 < int(blocked.headers["Retry-After"]) <= attempts.WINDOW_SECONDS
    elsewhere = Client(raise_request_exception=False, REMOTE_ADDR="203.0.113.8")
    assert enrol(text, elsewhere).status_code == 201


def test_hosts_that_register_well_are_never_too_many(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "PER_ADDRESS", 3)
    for number in range(5):
        assert enrol(new_token(environment), name=f"web-{number}").status_code == 201


@pytest.fixture
def on_threads(transactional_db: None) -> Iterator[Any]:
    """Runs each call in a thread and on a connection of its own, all at the same moment; gives what they return."""

    def run(*calls: Any) -> list[Any]:
        barrier, answers = threading.Barrier(len(calls)), []

        def one(call: Any) -> None:
            try:
                barrier.wait(20)
                answers.append(call())
            finally:
                connection.close()

        threads = [threading.Thread(target=one, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return answers

    yield run


@pytest.mark.django_db(transaction=True)
def test_of_hosts_that_use_a_token_at_the_same_moment_exactly_one_becomes_a_node(on_threads: Any) -> None:
    text = new_token(create_environment(name="Production"))
    answers = on_threads(*(lambda n=n: enrol(text, name=f"web-{n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert Node.objects.count() == 1
    assert Entry.objects.filter(verb="used").count() == 1
    assert Entry.objects.filter(verb="enrolment_refused").count() == 3


@pytest.mark.django_db(transaction=True)
def test_hosts_that_want_one_name_at_the_same_moment_get_it_once_and_keep_their_tokens(
    on_threads: Any,
) -> None:
    production = create_environment(name="Production")
    texts = [new_token(production) for _ in range(4)]
    answers = on_threads(*(lambda text=text: enrol(text) for text in texts))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    assert EnrolmentToken.objects.in_states(["open"]).count() == 3


@pytest.mark.django_db(transaction=True)
def test_an_environment_that_is_deleted_at_the_same_moment_locks_nobody_out(on_threads: Any) -> None:
    for number in range(5):
        production = create_environment(name=f"Production {number}")
        text = new_token(production)

        def delete(environment: Environment = production) -> str:
            try:
                delete_environment(environment=environment)
            except Conflict:
                return "in use"
            return "deleted"

        answers = on_threads(lambda text=text, n=number: enrol(text, name=f"web-{n}").status_code, delete)
        assert set(answers) in ({201, "in use"}, {403, "deleted"})
