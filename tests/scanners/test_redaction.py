"""No secret survives redaction, and nothing else is lost."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import redaction
from scanners.redaction import REDACTED
from tests.scaling import in_proportion

SECRET_NAMES = (
    "PASSWORD",
    "DB_PASSWORD",
    "PGPASSWORD",
    "MYSQL_PWD",
    "REDIS_PASS",
    "apiKey",
    "API_KEY",
    "X-Api-Key",
    "AWS_SECRET_ACCESS_KEY",
    "SESSION_SECRET",
    "GITHUB_TOKEN",
    "private_key",
    "AZURE_STORAGE_CONNECTION_STRING",
    "SENTRY_DSN",
    "app.credentials",
)
HARMLESS = (
    "PATH=/usr/bin:/bin",
    "PWD=/srv",
    "LANG=C.UTF-8",
    "COMPASS_MODE=on",
    "TOKEN_TTL=3600",
    "PASSWORD_MIN_LENGTH=12",
    "DB_PASSWORD_FILE=/run/secrets/db",
    "SECRET_NAME=prod/db",
    "OAUTH_TOKEN_URL=https://login.example.org/token",
    "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
    "API_KEY=",
    "PASSWORD=$OTHER",
    "PASSWORD=${OTHER}",
    "REQUIRE_PASSWORD=true",
    "HOME_URL=https://example.org:8443/a@b",
    "JUST_A_NAME",
)
# Built from parts, so that no scanner of sources takes these for real ones.
SHAPED = (
    "AKIA" + "IOSFODNN7EXAMPLE",
    "gh" + "p_" + "a1B2" * 9,
    "github" + "_pat_" + "a1B2c3" * 5,
    "glpat" + "-" + "a1B2c3d4e5" * 2,
    "xox" + "b-1234567890-abcdefghij",
    "sk" + "_live_" + "a1B2c3d4" * 3,
    "AIza" + "a1B2c" * 7,
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "npm" + "_" + "a1B2" * 9,
    "SG." + "a1B2" * 5 + "." + "a1B2" * 5,
    "hvs." + "a1B2c3" * 5,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "LS0tLS1CRUdJTi" + "BSU0EgUFJJVkFURSBLRVktLS0tLQo",
)
# Long enough that it cannot stand in a text by chance, without characters that end a shell word.
secret_text = st.text(
    alphabet=string.ascii_letters + string.digits + "!#%+*-_.", min_size=12, max_size=40
).filter(
    lambda text: (
        text[0] not in "-." and text.lower() not in ("true", "false") and any(c.isalpha() for c in text)
    )
)
any_text = st.text(min_size=12, max_size=60).filter(lambda text: len(text.strip().strip("\"'")) >= 12)


@given(name=st.sampled_from(SECRET_NAMES), value=any_text)
def test_no_value_under_a_secret_name_survives(name: str, value: str):
    redacted, sightings = redaction.redact_environment([f"{name}={value}"])
    if redaction.secret_rule(name, value):
        assert redacted == [f"{name}={REDACTED}"]
        assert [sighting.where for sighting in sightings] == [f"Env {name}"]
        assert value not in repr(sightings)
    else:  # a reference to another variable
        assert value.strip().strip("\"'").startswith(("$", "%"))


@pytest.mark.parametrize("secret", SHAPED)
@pytest.mark.parametrize(
    "around", ["{}", "before {} after", "x={}&y=1", '{{"value": "{}"}}', "https://h/?k={}"]
)
def test_no_value_with_a_secrets_shape_survives(secret: str, around: str):
    text = around.format(secret)
    for redacted, sightings in (
        redaction.redact_environment([f"INNOCENT={text}"]),
        redaction.redact_arguments(["run", text], where="Cmd"),
        redaction.redact_mapping({"innocent": text}, where="Label"),
        redaction.redact_build_step(f"RUN /bin/sh -c echo {text}", where="History"),
    ):
        assert secret not in str(redacted)
        assert sightings
        assert secret not in repr(sightings)
    assert secret not in str(redaction.redact_document({"a": [{"b": text}]}))


@given(
    password=secret_text,
    user=st.sampled_from(["me", "", "a.b"]),
    tail=st.sampled_from(["db:5432/x", "h", "h1,h2/x?y=1"]),
)
def test_only_the_password_of_an_address_is_replaced(password: str, user: str, tail: str):
    redacted, sightings = redaction.redact_environment([f"STORE=postgres://{user}:{password}@{tail}"])
    if "#" in password and password.split("#")[0].isdigit():
        return  # "123#" may as well be a port
    assert redacted == [f"STORE=postgres://{user}:{REDACTED}@{tail}"]
    assert sightings[0].rule == "password in an address"


@given(secret=secret_text)
@pytest.mark.parametrize(
    "arguments",
    [
        ["--password={}"],
        ["--password", "{}"],
        ["-token={}"],
        ["--api-key", "{}", "--verbose"],
        ["DB_PASSWORD={}", "run"],
        ["sh", "-c", "export TOKEN={} && run"],
        ["sh", "-c", "run --password {} --verbose"],
        ["sh", "-c", "run --password='{}'"],
        ["sh", "-c", 'run "--password={}" x'],
        ["mysql", "-p{}"],
        ["/usr/bin/redis-cli", "-a", "{}"],
        ["curl", "-u", "me:{}"],
        ["redis-server", "--requirepass", "{}"],
        ['{{"password": "{}"}}'],
        ["Server=db;Password={};Encrypt=yes"],
    ],
)
def test_no_secret_argument_survives(arguments: list[str], secret: str):
    filled = [argument.format(secret) for argument in arguments]
    redacted, sightings = redaction.redact_arguments(filled, where="Cmd")
    assert secret not in " ".join(redacted)
    assert len(redacted) == len(filled)
    assert sightings and secret not in repr(sightings)


@given(secret=secret_text)
@pytest.mark.parametrize(
    "step",
    [
        "/bin/sh -c #(nop)  ENV DB_PASSWORD={}",
        "ENV MODE=prod TOKEN={} LAST=1",
        "ENV PASSWORD=two words {}",
        "ARG NPM_TOKEN={}",
        "|1 NPM_TOKEN={} /bin/sh -c npm ci",
        "RUN |2 A=b NPM_TOKEN={} /bin/sh -c npm ci # buildkit",
        "RUN /bin/sh -c curl -H 'Authorization: Bearer {}' https://example.org # buildkit",
        'CMD ["run" "--password" "{}"]',
        "LABEL api.token={}",
    ],
)
def test_no_secret_of_a_build_step_survives(step: str, secret: str):
    redacted, sightings = redaction.redact_build_step(step.format(secret), where="History step 1")
    if "Bearer" in step and any(character in "!#%*" for character in secret):
        return  # not the alphabet of a bearer token (RFC 6750)
    assert secret not in redacted
    assert sightings and secret not in repr(sightings)


@pytest.mark.parametrize("entry", HARMLESS)
def test_what_is_no_secret_stays(entry: str):
    assert redaction.redact_environment([entry]) == ([entry], ())


@given(st.lists(st.text(max_size=40)))
def test_every_name_stays_in_order(entries: list[str]):
    redacted, _ = redaction.redact_environment(entries)
    assert [entry.partition("=")[0] for entry in redacted] == [entry.partition("=")[0] for entry in entries]


@given(st.lists(st.text(max_size=80)))
def test_redacting_twice_changes_nothing_more(arguments: list[str]):
    once, _ = redaction.redact_arguments(arguments, where="Cmd")
    assert len(once) == len(arguments)
    environment, _ = redaction.redact_environment(arguments)
    assert redaction.redact_environment(environment)[0] == environment


@pytest.mark.parametrize(
    "piece",
    [
        "a://b:",
        "a://h:80/,",
        "password=",
        "--a ",
        '"',
        "x=y;",
        "eyJ",
        "SG.a",
        "-----BEGIN ",
        "A=",
        "key=",
        "' ",
        " ",
        "a",
        "\\",
    ],
)
def test_hostile_text_takes_no_quadratic_time(piece: str):
    def redact(size: int) -> None:
        text = piece * (size // len(piece)) + "@"
        redaction.redact_text(text)
        redaction.redact_build_step(text, where="History")

    in_proportion(redact, 200_000)
