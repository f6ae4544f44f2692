"""Takes secrets out of what an engine answers, before anything else sees it.

Names are kept and values that look secret become `REDACTED`; every replacement is reported as a `SecretSighting`.
A value looks secret because of the name that it stands under (`DB_PASSWORD`), because of its own shape (a private
key, a vendor's token, a password inside an address), or because it is random text under a name such as `APP_KEY`.
Where it is not certain, more is taken out rather than less.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from scanners.records import SecretSighting

REDACTED = "[redacted]"

# A name that contains one of these, after its separators are taken out, holds a secret.
_SECRET_PARTS = (
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "accountkey",
    "authkey",
    "sharedkey",
    "sessionkey",
    "licensekey",
    "deploykey",
    "hostkey",
    "sshkey",
    "sslkey",
    "tlskey",
    "credential",
    "connectionstring",
    "connstr",
    "webhookurl",
    "requirepass",
    "masterauth",
)
# Short words count only when they stand alone between separators: "compass" is no "pass".
_SECRET_WORDS = frozenset({"pass", "pwd", "pw", "creds", "cred", "dsn", "jwt", "bearer", "otp", "pin"})
# Names of the shell's own that only look like one.
_HARMLESS_NAMES = frozenset({"pwd", "oldpwd"})
# A word that says the value describes a secret instead of being one, with the values for which that is believed.
_DESCRIBING_WORDS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(
        (
            "ttl",
            "expiry",
            "expires",
            "expiration",
            "timeout",
            "length",
            "lifetime",
            "age",
            "size",
            "rounds",
            "max",
        )
        + ("min", "count", "retries", "interval", "limit", "version", "seconds", "minutes", "hours", "days"),
        re.compile(r"\d+(\.\d+)?[a-z]{0,2}", re.ASCII | re.IGNORECASE),
    ),
    **dict.fromkeys(
        ("file", "path", "dir", "directory", "location", "mount", "store"),
        re.compile(r"(\.{0,2}|~)/[^\s=:@]*|[A-Za-z]:\\[^\s=]*"),
    ),
    **dict.fromkeys(
        ("url", "uri", "endpoint", "issuer", "audience", "server", "host"),
        re.compile(r"(https?://)?[\w.-]+(:\d+)?(/[\w./-]*)?", re.ASCII),
    ),
    **dict.fromkeys(
        (
            "name",
            "type",
            "header",
            "algorithm",
            "alg",
            "policy",
            "provider",
            "driver",
            "backend",
            "engine",
            "helper",
        ),
        re.compile(r"[A-Za-z][A-Za-z0-9_./-]{0,39}", re.ASCII),
    ),
}
_NO_VALUE = frozenset(
    {"", "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "0", "1", REDACTED}
)
_REFERENCE = re.compile(
    r"\$(\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*|\([^)]*\))|%[A-Za-z_]+%", re.ASCII
)

_KEY_WORDS = frozenset({"key", "keys", "auth", "salt", "seed", "signature"})
_PUBLIC_WORDS = frozenset({"gpg", "pgp", "public", "pub"})
_KEY_WINDOW = 128

# Shapes of secrets as their issuers document them.
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("private key", re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*", re.DOTALL)),
    ("private key", re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{40,}")),
    ("base64 of a PEM block", re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]{20,}")),
    (
        "JSON web token",
        re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"),
    ),
    ("AWS access key", re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])")),
    ("GitHub token", re.compile(r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}")),
    ("GitLab token", re.compile(r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[A-Za-z0-9_.-]{20,}")),
    ("Slack token", re.compile(r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}")),
    ("Slack webhook", re.compile(r"(?<=hooks\.slack\.com/services/)[A-Za-z0-9/_-]{10,}")),
    ("Stripe key", re.compile(r"(?:[rs]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{16,}")),
    ("Google key", re.compile(r"AIza[0-9A-Za-z_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_.-]{20,}")),
    (
        "package registry token",
        re.compile(r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{40,}|dckr_pat_[A-Za-z0-9_-]{20,}"),
    ),
    ("mail service key", re.compile(r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}")),
    ("vendor API key", re.compile(r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}")),
    ("DigitalOcean token", re.compile(r"do[opr]_v1_[a-f0-9]{64}")),
    ("Vault token", re.compile(r"hv[sbr]\.[A-Za-z0-9_-]{20,}")),
    ("Swarm token", re.compile(r"SWMTKN-1-[a-z0-9-]{20,}|SWMKEY-1-[A-Za-z0-9+/=]{20,}")),
    (
        "authorization header",
        re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]{8,}|(?<=basic )[A-Za-z0-9+/=]{8,}"),
    ),
)
# One cheap test that lets ordinary text through without trying every shape.
# What every secret of a known shape holds. A text without any of these needs no closer look.
_HINTS = (
    ("-----BEGIN", "AGE-SECRET", "LS0tLS1", "eyJ")
    + tuple(f"A{middle}{end}A" for middle in "KSBC" for end in "IC")
    + tuple(f"gh{kind}_" for kind in "pousr")
    + (
        "github_pat",
        "xox",
        "xapp-",
        "hooks.slack",
        "rk_",
        "sk_",
        "whsec_",
        "AIza",
        "GOCSPX",
        "ya29",
        "npm_",
        "pypi-",
    )
    + ("dckr_pat", "SG.", "sk-", "doo_v1", "dop_v1", "dor_v1", "hvs.", "hvb.", "hvr.", "SWM")
)
_GITLAB_HINT = r"gl[a-z]{2,5}-"
_SCHEME_HINTS = ("bearer ", "basic ")  # in any case
_ANY_SHAPE_HINT = re.compile(
    "|".join((*map(re.escape, _HINTS), _GITLAB_HINT, f"(?i:{'|'.join(_SCHEME_HINTS)})"))
)
# The same over a whole document: looking for each text by itself is several times faster than one pattern for all.
_HINTS_IN_BYTES = tuple(hint.encode() for hint in _HINTS)
_SCHEME_HINTS_IN_BYTES = tuple(hint.encode() for hint in _SCHEME_HINTS)
_GITLAB_HINT_IN_BYTES = re.compile(_GITLAB_HINT.encode())
_USER_IN_ADDRESS = re.compile(rb'://(?:[^"\s\\]|\\.)*@')


def _may_hold_a_secret(document: bytes) -> bool:
    if any(hint in document for hint in _HINTS_IN_BYTES) or _GITLAB_HINT_IN_BYTES.search(document):
        return True
    if b"://" in document and b"@" in document and _USER_IN_ADDRESS.search(document):
        return True
    lower = document.lower()
    return any(hint in lower for hint in _SCHEME_HINTS_IN_BYTES)


_WORD_BORDER = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_NAME_AND_SEPARATOR = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,120})(?:[\"']?\s*=\s*|\\?[\"']\s*:\s*|:\s+)")
_SHELL_VALUE = re.compile(r"""(?:\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|\\.|[^\s;&"'\\]|["']\S*)+""", re.DOTALL)
# ADO and ODBC connection strings: pairs parted by semicolons, whose values may hold blanks.
_CONNECTION_STRING = re.compile(r"[A-Za-z][\w ]*=[^;=]*;\s*[A-Za-z][\w ]*=", re.ASCII)
_CONNECTION_VALUE = re.compile(r"[^;]+")
_FLAG = re.compile(r"--?[A-Za-z][A-Za-z0-9_.-]*")
_FLAG_AND_SPACE = re.compile(r"(?<![^\s\"'\[,])(--?[A-Za-z][A-Za-z0-9_.-]{0,120})[\"']?[\s,]+(?=[^\s-])")
_TOKEN_WITH_ADDRESS = re.compile(r"\S+")
_BUILD_INSTRUCTION = re.compile(
    r"(?:^|#\(nop\)\s+|^\|\d+\s+)(ENV|ARG|LABEL)?\s*(?=[A-Za-z_][\w.-]*=)", re.ASCII
)
_NEXT_PAIR = re.compile(r"(?<!\s)\s+(?:(?=[A-Za-z_][\w.-]*=)|(?=/bin/sh -c))", re.ASCII)

# Programs that take a secret in a short option: program -> (option, may the value be glued to it).
_SHORT_OPTIONS: dict[str, tuple[str, bool]] = {
    "mysql": ("-p", True),
    "mysqladmin": ("-p", True),
    "mysqldump": ("-p", True),
    "mariadb": ("-p", True),
    "mariadb-admin": ("-p", True),
    "mariadb-dump": ("-p", True),
    "mongo": ("-p", False),
    "mongosh": ("-p", False),
    "sshpass": ("-p", True),
    "redis-cli": ("-a", False),
    "curl": ("-u", False),
}


def is_secret_name(name: str) -> bool:
    """True when a value under this name should be treated as a secret (`DB_PASSWORD`, `apiKey`, `--auth-token`)."""
    lowered = name.lower().strip("-_.")
    if lowered in _HARMLESS_NAMES:
        return False
    squeezed = re.sub(r"[^a-z0-9]", "", lowered)
    if any(part in squeezed for part in _SECRET_PARTS):
        return True
    return any(word.lower() in _SECRET_WORDS for word in _WORD_BORDER.split(name))


def secret_rule(name: str, value: str) -> str:
    """Why the whole `value` under `name` is a secret; "" when it is not (its parts may still be, see `redact_text`)."""
    bare = value.strip().strip("\"'")
    if bare.lower() in _NO_VALUE or _REFERENCE.fullmatch(bare):
        return ""
    if is_secret_name(name):
        last_word = [word for word in _WORD_BORDER.split(name) if word][-1].lower()
        describing = _DESCRIBING_WORDS.get(last_word)
        return "" if describing is not None and describing.fullmatch(bare) else "secret-like name"
    return "random value under a key-like name" if _is_key_like(name) and _looks_random(bare) else ""


def _is_key_like(name: str) -> bool:
    words = {word.lower() for word in _WORD_BORDER.split(name)}
    return bool(words & _KEY_WORDS) and not words & _PUBLIC_WORDS


def _looks_random(value: str) -> bool:
    """At least 16 characters of one token with 3 bits of entropy per character or more, no path and no address."""
    if len(value) < 16 or not re.fullmatch(r"(?:base64:)?[A-Za-z0-9+/=_-]+", value) or value.startswith("/"):
        return False
    total = len(value)
    entropy = -sum(n / total * math.log2(n / total) for n in Counter(value).values())
    return entropy >= 3.0 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def redact_shapes(text: str) -> tuple[str, list[str]]:
    """Replace what is secret by its own shape, and passwords in addresses. Returns the text and the rules that hit."""
    rules: list[str] = []
    if _ANY_SHAPE_HINT.search(text):
        for rule, pattern in _SHAPES:
            text, hits = pattern.subn(REDACTED, text)
            if hits:
                rules.append(rule)
    if "://" in text and "@" in text:
        redacted = _TOKEN_WITH_ADDRESS.sub(lambda match: _without_address_password(match.group()), text)
        if redacted != text:
            rules.append("password in an address")
            text = redacted
    return text, rules


def _without_address_password(token: str) -> str:
    at = token.rfind("@")
    start = token.find("://")
    while 0 <= start < at:
        start += 3
        colon = token.find(":", start, at)
        if colon < 0:
            return token
        is_port = re.match(r"\d{1,5}[/?#,]", token[colon + 1 : min(at + 1, colon + 8)]) is not None
        is_in_path = "/" in token[start:colon]
        if not is_port and not is_in_path and token[colon + 1 : at] not in ("", REDACTED):
            return f"{token[: colon + 1]}{REDACTED}{token[at:]}"
        start = token.find("://", start)
    return token


def _redact_pairs(text: str) -> tuple[str, list[str]]:
    """Replace the values of `name=value`, `"name": "value"` and `--name value` whose name or value is secret."""
    if "=" not in text and ":" not in text and "-" not in text:
        return text, []
    pieces: list[str] = []
    rules: list[str] = []
    done = 0
    value_pattern = _CONNECTION_VALUE if _CONNECTION_STRING.match(text) else _SHELL_VALUE
    starts = sorted(
        [(match.end(), match.group(1)) for match in _NAME_AND_SEPARATOR.finditer(text)]
        + [(match.end(), match.group(1)) for match in _FLAG_AND_SPACE.finditer(text)]
    )
    for start, name in starts:
        if start < done:
            continue
        if is_secret_name(name):
            value = value_pattern.match(text, start)
        elif _is_key_like(name):
            # What is not taken out is read again by the next name, so it must be short.
            value = value_pattern.match(text, start, start + _KEY_WINDOW)
            if value is not None and secret_rule(name, value.group()):
                value = value_pattern.match(text, start)
        else:
            continue
        if value is None:
            continue
        rule = secret_rule(name, value.group())
        if rule:
            pieces += [text[done:start], REDACTED]
            done = value.end()
            rules.append(rule)
    if not pieces:
        return text, rules
    return "".join([*pieces, text[done:]]), rules


def redact_text(text: str) -> tuple[str, list[str]]:
    """Redact free text such as a shell command. Returns the text and the rules that hit."""
    text, rules = _redact_pairs(text)
    text, shape_rules = redact_shapes(text)
    return text, rules + shape_rules


def _value_under(name: str, value: str) -> tuple[str, list[str]]:
    rule = secret_rule(name, value)
    return (REDACTED, [rule]) if rule else redact_text(value)


def _sightings(where: str, rules: Iterable[str]) -> list[SecretSighting]:
    return [SecretSighting(where=where, rule=rule) for rule in dict.fromkeys(rules)]


def redact_environment(
    env: Iterable[str], *, where: str = "Env"
) -> tuple[list[str], tuple[SecretSighting, ...]]:
    """Redact `NAME=value` lines. Every name is kept, in order; an entry without "=" names a variable and stays."""
    redacted: list[str] = []
    sightings: list[SecretSighting] = []
    for entry in env:
        name, equals, value = entry.partition("=")
        value, rules = _value_under(name, value)
        redacted.append(f"{name}{equals}{value}")
        sightings += _sightings(f"{where} {name}", rules)
    return redacted, tuple(sightings)


def redact_mapping(
    options: Mapping[str, str], *, where: str
) -> tuple[dict[str, str], tuple[SecretSighting, ...]]:
    """Redact the values of labels or options; the keys stay."""
    redacted: dict[str, str] = {}
    sightings: list[SecretSighting] = []
    for name, value in options.items():
        redacted[name], rules = _value_under(name, value)
        sightings += _sightings(f"{where} {name}", rules)
    return redacted, tuple(sightings)


def redact_arguments(arguments: Iterable[str], *, where: str) -> tuple[list[str], tuple[SecretSighting, ...]]:
    """Redact a command line given as a list: `--password=x`, `--password x`, `NAME=x`, and whole shell scripts."""
    redacted: list[str] = []
    sightings: list[SecretSighting] = []
    flag = ""
    short: tuple[str, bool] | None = None
    for position, argument in enumerate(arguments):
        rules: list[str] = []
        if flag and not argument.startswith("-"):
            value, rules = _value_under(flag, argument)
        elif (
            short is not None and argument.startswith(short[0]) and len(argument) > len(short[0]) and short[1]
        ):
            value, rules = short[0] + REDACTED, ["secret in a short option"]
        else:
            value, rules = _redact_argument(argument)
        takes_next = short is not None and argument == short[0]
        flag = "password" if takes_next else argument if _FLAG.fullmatch(argument) else ""
        short = _SHORT_OPTIONS.get(argument.rsplit("/", 1)[-1], short)
        redacted.append(value)
        sightings += _sightings(f"{where} argument {position + 1}", rules)
    return redacted, tuple(sightings)


def _redact_argument(argument: str) -> tuple[str, list[str]]:
    name, equals, value = argument.partition("=")
    if equals and _FLAG.fullmatch(name):
        value, rules = _value_under(name, value)
        return f"{name}={value}", rules
    if equals and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name, re.ASCII) and secret_rule(name, value):
        return f"{name}={REDACTED}", [secret_rule(name, value)]
    return redact_text(argument)


def redact_build_step(created_by: str, *, where: str) -> tuple[str, tuple[SecretSighting, ...]]:
    """Redact one step of an image's history. In `ENV`, `ARG` and `LABEL` a value may hold blanks without quotes."""
    instruction = _BUILD_INSTRUCTION.search(created_by)
    if instruction is None:
        text, rules = redact_text(created_by)
        return text, tuple(_sightings(where, rules))
    head, tail = created_by[: instruction.end()], created_by[instruction.end() :]
    sightings: list[SecretSighting] = []
    pieces = [head]
    position = 0
    while position < len(tail):
        border = _NEXT_PAIR.search(tail, position)
        end = border.start() if border else len(tail)
        name, equals, value = tail[position:end].partition("=")
        value, rules = (
            _value_under(name, value) if equals and not name.startswith("/") else redact_text(value)
        )
        if name.startswith("/"):
            name, name_rules = redact_text(tail[position:])
            equals, value, end, border, rules = "", "", len(tail), None, name_rules
        sightings += _sightings(f"{where} {name}" if equals else where, rules)
        pieces += [name, equals, value, tail[end : border.end()] if border else ""]
        position = border.end() if border else len(tail)
    return "".join(pieces), tuple(sightings)


def redact_document(value: Any) -> Any:
    """A JSON document in which no string holds a secret by shape: the last net under the named places.

    Most documents hold nothing that resembles one, which a single look at their text shows; they are given back as they are.
    """
    return _redact_strings(value) if _may_hold_a_secret(msgspec.json.encode(value)) else value


def _redact_strings(value: Any) -> Any:
    if isinstance(value, str):
        return redact_shapes(value)[0] if len(value) >= 8 else value
    if isinstance(value, dict):
        return {key: _redact_strings(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redact_strings(item) for item in value]
    return value
