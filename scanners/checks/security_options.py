"""Reading `HostConfig.SecurityOpt` entries and the engine's `SecurityOptions`."""

from __future__ import annotations

from scanners.records import ContainerFacts, EngineFacts

# moby/moby pull request 45320 of 2023 added it to `/info`; every engine from 25 on has it.
NO_NEW_PRIVILEGES_LISTED_SINCE = 25


def option_values(facts: ContainerFacts, name: str) -> list[str]:
    """The values given to an option, in order. Known forms: `name=value`, the older `name:value`, `name`."""
    values = []
    for option in facts.security_options:
        if option == name:
            values.append("")
        elif option.startswith((f"{name}=", f"{name}:")):
            values.append(option[len(name) + 1 :])
    return values


def engine_offers(engine: EngineFacts, name: str) -> bool:
    """Whether `GET /info` lists a security feature such as apparmor, selinux, userns."""
    return any(option.split(",", 1)[0] == f"name={name}" for option in engine.security_options)


def engine_option(engine: EngineFacts, name: str, key: str) -> str | None:
    """A key of a listed feature: `engine_option(engine, "seccomp", "profile")`; None when not listed."""
    for option in engine.security_options:
        parts = dict(part.partition("=")[::2] for part in option.split(","))
        if parts.get("name") == name:
            return parts.get(key)
    return None


def lists_no_new_privileges(engine: EngineFacts) -> bool:
    """Whether the engine would list no-new-privileges if it were its default: Docker from 25 on."""
    major = engine.version.partition(".")[0][:4]
    return engine.engine == "docker" and major.isdecimal() and int(major) >= NO_NEW_PRIVILEGES_LISTED_SINCE


def is_root(user: str) -> bool:
    """Whether a `Config.User` is uid 0 by what can be read from it: empty, root, or any spelling of zero."""
    name = user.partition(":")[0].strip()
    if name in ("", "root"):
        return True
    return name.isdecimal() and int(name[:32]) == 0 and not name[32:].strip("0")
