"""The embedded servers: start, adopt, recover, stop, and who may reach them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from posture.platform import embedded
from posture.platform.embedded import Embedded, EmbeddedError, Services
from posture.platform.processes import is_alive, wait_until

ROOT = Path(__file__).resolve().parents[2]
USE = "import sys; from pathlib import Path; from posture.platform.embedded import services"


@pytest.fixture(autouse=True)
def _only_what_the_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "PLIMSOLL_VAR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Embedded]:
    own = Embedded(tmp_path / "var", die_with_parent=True)
    yield own
    own.stop()


def ask(services: Services, query: str) -> object:
    connection = psycopg2.connect(services.database_url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def test_it_starts_both_servers_and_keeps_their_data(servers: Embedded) -> None:
    services = servers.start()
    ask(services, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    redis.Redis.from_url(services.redis_url).set("kept", "7")
    servers.stop()
    assert servers.pids() == {}
    assert embedded.running(servers.var) is None

    again = servers.start()
    assert ask(again, "SELECT n FROM kept") == 7
    assert redis.Redis.from_url(again.redis_url).get("kept") == b"7"
    assert embedded.running(servers.var) == again


def test_it_adopts_servers_that_already_run(servers: Embedded) -> None:
    servers.start()
    before = servers.pids()
    Embedded(servers.var).start()
    assert servers.pids() == before and set(before) == {"postgres", "redis"}


def test_it_waits_for_servers_that_are_just_ending(servers: Embedded) -> None:
    services = servers.start()
    ask(
        services, "CREATE TABLE kept AS SELECT generate_series(1, 400000) AS n"
    )  # something to write at the end
    ending = servers.pids()
    connection = psycopg2.connect(services.database_url)
    try:
        connection.cursor().execute("SELECT 1")
        os.kill(ending["postgres"], signal.SIGINT)
        os.kill(ending["redis"], signal.SIGTERM)
        assert wait_until(lambda: embedded.running(servers.var) is None, 60)
        assert ask(servers.start(), "SELECT count(*) FROM kept") == 400_000
    finally:
        connection.close()
    assert not set(ending.values()) & set(servers.pids().values())


def test_it_recovers_after_the_servers_were_killed(servers: Embedded) -> None:
    services = servers.start()
    ask(services, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    killed = servers.pids()
    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not any(is_alive(pid) for pid in killed.values()), 60)
    assert embedded.running(servers.var) is None
    assert ask(servers.start(), "SELECT n FROM kept") == 7


def test_it_ignores_a_stale_process_id_that_now_belongs_to_a_stranger(servers: Embedded) -> None:
    servers.start()
    servers.stop()
    (servers.var / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{servers.var}/postgres\n")
    (servers.var / "redis" / "redis.pid").write_text(f"{os.getpid()}\n")
    assert ask(servers.start(), "SELECT 1") == 1
    assert os.getpid() not in servers.pids().values()


def test_it_makes_the_cluster_anew_when_the_first_start_was_killed_halfway(servers: Embedded) -> None:
    half = servers.var / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert ask(servers.start(), "SELECT 1") == 1
    assert not half.exists()


def test_it_listens_on_no_network_address_and_its_sockets_are_closed_to_others(servers: Embedded) -> None:
    services = servers.start()
    assert ask(services, "SHOW listen_addresses") == ""
    assert redis.Redis.from_url(services.redis_url).config_get("port") == {"port": "0"}
    host = embedded.database_settings(services.database_url)["HOST"]
    assert stat.S_IMODE(Path(host).stat().st_mode) == 0o700


def test_the_application_role_is_no_superuser_but_may_make_test_databases(servers: Embedded) -> None:
    services = servers.start()
    row = "SELECT rolsuper::text || rolcreatedb::text FROM pg_roles WHERE rolname = current_user"
    assert ask(services, row) == "falsetrue"


def test_redis_appends_to_disk_so_that_queued_work_survives(servers: Embedded) -> None:
    client = redis.Redis.from_url(servers.start().redis_url)
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers to another user")
def test_as_root_the_servers_run_as_an_unprivileged_user(servers: Embedded) -> None:
    servers.start()
    for pid in servers.pids().values():
        assert Path(f"/proc/{pid}").stat().st_uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers to another user")
def test_as_root_it_works_below_a_folder_that_is_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    own = Embedded(closed / "var", die_with_parent=True)
    try:
        assert ask(own.start(), "SELECT 1") == 1
        assert stat.S_IMODE(closed.stat().st_mode) & 0o006 == 0, "it may be passed, never listed or written"
    finally:
        own.stop()


def test_a_long_data_folder_gets_a_short_socket_folder(tmp_path: Path) -> None:
    own = Embedded(tmp_path / ("long" * 25) / "var", die_with_parent=True)
    try:
        services = own.start()
        assert ask(services, "SELECT 1") == 1
        assert str(own.var) not in services.database_url
    finally:
        own.stop()


def test_a_command_starts_them_for_its_own_time_and_leaves_nothing(tmp_path: Path) -> None:
    var = tmp_path / "var"
    code = f"{USE}; print(services(Path(sys.argv[1])))"
    result = subprocess.run(
        [sys.executable, "-c", code, str(var)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "postgresql://" in result.stdout
    # On a machine whose disk is busy, PostgreSQL's last checkpoint outlives the command by some seconds.
    assert wait_until(lambda: Embedded(var).pids() == {}, 60), Embedded(var).pids()
    assert embedded.running(var) is None


def test_a_command_leaves_servers_running_that_another_process_uses(servers: Embedded) -> None:
    services = servers.start()
    code = f"{USE}; services(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(servers.var)], cwd=ROOT, timeout=60, check=True)
    assert embedded.running(servers.var) == services


def test_servers_end_with_a_killed_parent(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ends children with their parent")
    var = tmp_path / "var"
    code = (
        "import os, sys, signal; from pathlib import Path; from posture.platform.embedded import Embedded\n"
        "Embedded(Path(sys.argv[1]), die_with_parent=True).start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(var)], cwd=ROOT, timeout=60, check=False)
    assert wait_until(lambda: Embedded(var).pids() == {}, 15)


def test_urls_in_the_environment_start_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@db/b")
    monkeypatch.setenv("REDIS_URL", "redis://cache:6379/0")
    found = embedded.services(tmp_path / "var")
    assert found == Services("postgresql://a@db/b", "redis://cache:6379/0")
    assert not (tmp_path / "var").exists()


def test_a_folder_that_is_no_cluster_is_named_and_left_alone(tmp_path: Path) -> None:
    var = tmp_path / "var"
    (var / "postgres").mkdir(parents=True)
    (var / "postgres" / "letter.txt").write_text("mine")
    with pytest.raises(EmbeddedError, match="not empty and not a PostgreSQL cluster"):
        Embedded(var).start()
    assert (var / "postgres" / "letter.txt").read_text() == "mine"


def test_a_cluster_of_another_version_is_refused(servers: Embedded) -> None:
    servers.start()
    servers.stop()
    version = servers.var / "postgres" / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(EmbeddedError, match="written by PostgreSQL 16"):
        servers.start()
    version.write_text("18\n")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@/name?host=/run/x", {"NAME": "name", "USER": "u", "HOST": "/run/x", "PORT": ""}),
        ("postgresql:///name?host=/dir", {"NAME": "name", "USER": "", "HOST": "/dir", "PASSWORD": ""}),
        (
            "postgres://u:p%40ss%2F@db.example:6543/n",
            {"PASSWORD": "p@ss/", "HOST": "db.example", "PORT": "6543"},
        ),
        (
            "postgresql://u:p@[::1]/n?sslmode=verify-full",
            {"HOST": "::1", "OPTIONS": {**embedded.NETWORK_OPTIONS, "sslmode": "verify-full"}},
        ),
    ],
)
def test_a_database_url_becomes_django_settings(url: str, expected: dict[str, object]) -> None:
    found = embedded.database_settings(url)
    assert {key: found[key] for key in expected} == expected


def test_a_database_across_a_network_is_given_up_when_it_no_longer_answers() -> None:
    far = embedded.database_settings("postgresql://u@db.example.org/n?connect_timeout=3")["OPTIONS"]
    assert far["connect_timeout"] == "3"
    assert int(far["tcp_user_timeout"]) <= 60_000
    assert embedded.database_settings("postgresql:///n?host=/run/postgresql")["OPTIONS"] == {}


@pytest.mark.parametrize(
    "url", ["mysql://u:hush@h/n", "sqlite:///x", "postgresql://u:hush@h", "postgresql://u:hush@h:port/n", ""]
)
def test_a_wrong_database_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL") as caught:
        embedded.database_settings(url)
    assert "hush" not in str(caught.value)


def test_celery_reaches_the_same_redis_socket(servers: Embedded) -> None:
    from kombu import Connection

    services = servers.start()
    with Connection(embedded.broker_url(services.redis_url)) as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
        queue = connection.SimpleQueue("proof")
        queue.put("hello")
        assert queue.get(timeout=5).payload == "hello"
        queue.close()
    assert embedded.broker_url("redis://h:6379/1") == "redis://h:6379/1"


def test_a_killed_command_leaves_nothing_either(tmp_path: Path) -> None:
    var = tmp_path / "var"
    code = f"{USE}; services(Path(sys.argv[1])); import os; os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, str(var)], cwd=ROOT, timeout=60, check=False)
    assert wait_until(lambda: Embedded(var).pids() == {} and not (var / "services.json").exists(), 15)
