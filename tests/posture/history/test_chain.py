"""The history is append-only and shows when somebody got around that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from posture.base.context import Actor, Context, entered
from posture.history.actions import GENESIS, HIDDEN, record, verify
from posture.history.models import Entry

pytestmark = pytest.mark.django_db


def write(count: int = 3, **changes: object) -> list[Entry]:
    return [
        record(verb="changed", obj=n, object_kind="node", object_name=f"node {n}", changes=changes)
        for n in range(count)
    ]


def tamper(sql: str, params: list[object]) -> None:
    """What somebody with the database owner's rights could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE history_entry DISABLE TRIGGER history_keeps_rows")
        cursor.execute(sql, params)
        cursor.execute("ALTER TABLE history_entry ENABLE TRIGGER history_keeps_rows")


def test_each_entry_carries_the_hash_of_the_one_before() -> None:
    first, second, third = write()
    assert first.previous_hash == GENESIS
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)
    assert (verify().ok, verify().entries) == (True, 3)


def test_an_empty_history_is_whole() -> None:
    assert verify().ok
    assert verify().entries == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("changes", '{"line": [1, 3]}'),
        ("actor_name", "somebody else"),
        ("verb", "viewed"),
        ("object_id", "99"),
        ("ip", "203.0.113.9"),
        ("previous_hash", "f" * 64),
        ("hash", "f" * 64),
    ],
)
def test_it_finds_an_altered_entry(column: str, value: str) -> None:
    entries = write(line=[1, 2])
    tamper(f"UPDATE history_entry SET {column} = %s WHERE id = %s", [value, entries[1].pk])
    assert verify().broken_at == entries[1].pk


def test_it_finds_an_entry_moved_in_time() -> None:
    entries = write()
    tamper("UPDATE history_entry SET at = %s WHERE id = %s", [entries[1].at - timedelta(1), entries[1].pk])
    assert verify().broken_at == entries[1].pk


def test_it_finds_a_removed_entry() -> None:
    entries = write()
    tamper("DELETE FROM history_entry WHERE id = %s", [entries[1].pk])
    assert verify().broken_at == entries[2].pk


def test_it_finds_two_exchanged_entries() -> None:
    first, second, _ = write()
    tamper("UPDATE history_entry SET id = -1 WHERE id = %s", [second.pk])
    assert verify().broken_at == -1
    assert first.previous_hash == GENESIS


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        0.1,
        1e300,
        1e-7,
        -0.0,
        12345678901234567890,
        True,
        None,
        "ü \u2028 “quoted” \\",
        {"b": 1, "a": [2.50]},
        [],
    ],
)
def test_what_the_database_gives_back_has_the_same_hash(value: object) -> None:
    write(1, field=[None, value])
    assert verify().ok


@pytest.mark.parametrize(
    "sql", ["UPDATE history_entry SET verb = 'x'", "DELETE FROM history_entry", "TRUNCATE history_entry"]
)
def test_the_database_refuses_to_alter_it(sql: str) -> None:
    write()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE history_entry ENABLE TRIGGER history_keeps_table")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(sql)
    assert verify().entries == 3


def test_the_model_cannot_alter_it_either() -> None:
    entry = write(1)[0]
    entry.verb = "nothing"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.delete()


@pytest.mark.parametrize("name", ["password", "client_key", "ssh_passphrase", "token", "credential"])
def test_it_refuses_to_hold_a_secret(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        write(1, **{name: [None, "hunter2"]})
    with pytest.raises(ValueError, match=name):
        write(1, node={"inner": [{name: "hunter2"}]})
    assert Entry.objects.count() == 0
    write(1, **{name: [HIDDEN, HIDDEN]})


def test_the_error_about_a_secret_does_not_quote_it() -> None:
    with pytest.raises(ValueError, match="password") as caught:
        write(1, password=[None, "hunter2"])
    assert "hunter2" not in str(caught.value)


def test_an_entry_says_who_from_where_and_in_which_request() -> None:
    context = Context(request_id="req-12345678", ip="203.0.113.7", actor=Actor("token", None, "ada (backup)"))
    with entered(context):
        entry = write(1)[0]
    assert (entry.actor_kind, entry.actor_name) == ("token", "ada (backup)")
    assert (entry.ip, entry.request_id) == ("203.0.113.7", "req-12345678")


def test_what_nobody_asked_for_is_the_systems() -> None:
    assert write(1)[0].actor_kind == "system"


def test_an_entry_goes_when_its_change_is_rolled_back() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        write(1)
        raise RuntimeError
    assert Entry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_parallel_writers_do_not_fork_the_chain() -> None:

    def one(_: int) -> None:
        try:
            write(5)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    verification = verify()
    assert (verification.ok, verification.entries) == (True, 20)
