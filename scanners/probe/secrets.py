"""What must not leave the host: values of options whose name says that they are secret."""

import re
from typing import List, Sequence

REDACTED = "REDACTED"
_SECRET_NAME = re.compile(
    r"(?i)(pass(word|wd|phrase)?|secrets?|tokens?|credentials?|(api|private|access|license|account)[-_.]?key|auth)([-_.]|$)"
)
_USER_IN_ADDRESS = re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@")
_SECRET_IN_QUERY = re.compile(
    r"(?i)([?&][^=&#\s]*(?:pass|secret|token|credential|key|auth|signature|sig)[^=&#\s]*=)[^&#\s]+"
)


def redacted_value(name: str, value: str) -> str:
    """`value` without what is secret in it: all of it under a secret name, else what addresses carry."""
    if _SECRET_NAME.search(name):
        return REDACTED
    without_user = _USER_IN_ADDRESS.sub(r"\g<1>" + REDACTED + "@", value)
    return _SECRET_IN_QUERY.sub(r"\g<1>" + REDACTED, without_user)


def redacted_option(text: str) -> str:
    """One word of a command line: `name=value` with the value redacted where it must be."""
    name, equals, _ = text.partition("=")
    if equals and _SECRET_NAME.search(name):
        text = name + equals + REDACTED
    return redacted_value("", text)


def redacted_words(words: Sequence[str]) -> List[str]:
    """A command line: what follows a secret option is redacted, also when it is the next word."""
    found: List[str] = []
    follows_secret = False
    for word in words:
        if follows_secret and not word.startswith("-"):
            found.append(REDACTED)
        else:
            found.append(redacted_option(word))
        follows_secret = word.startswith("-") and "=" not in word and bool(_SECRET_NAME.search(word))
    return found
