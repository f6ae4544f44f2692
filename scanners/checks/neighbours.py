"""What only a container's neighbours know, put into the facts of one pull before they are judged."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from scanners.records import ContainerFacts, EngineFacts

_JOINING = ("network_mode", "pid_mode", "ipc_mode")
_JOIN = "container:"
_SHORT_ID = 12  # the shortest id that the engine itself prints


def relate(
    engine: EngineFacts, containers: Iterable[ContainerFacts]
) -> tuple[EngineFacts, list[ContainerFacts]]:
    """The engine and its containers, in the same order, with what they know of each other.

    A container that joins another one's namespace gets `joined_modes`; the engine's list of containers gets their
    log configuration. What no container of the pull tells stays not read.
    """
    found = list(containers)
    by_name = {container.name: container for container in found}
    by_name |= {container.id: container for container in found}
    by_name |= {container.id[:_SHORT_ID]: container for container in found if len(container.id) > _SHORT_ID}
    summaries = engine.containers
    if summaries is not None:
        summaries = tuple(
            msgspec.structs.replace(
                summary, log_driver=container.log_driver, log_options=container.log_options
            )
            if (container := by_name.get(summary.id)) is not None
            else summary
            for summary in summaries
        )
    return (
        msgspec.structs.replace(engine, containers=summaries),
        [_with_joined_modes(container, by_name) for container in found],
    )


def _with_joined_modes(container: ContainerFacts, by_name: dict[str, ContainerFacts]) -> ContainerFacts:
    joined = {}
    for field in _JOINING:
        mode: str = getattr(container, field)
        seen = {container.id}
        while mode.startswith(_JOIN):
            other = by_name.get(mode.removeprefix(_JOIN))
            if other is None or other.id in seen:
                break
            seen.add(other.id)
            mode = getattr(other, field)
        else:
            if mode != getattr(container, field):
                joined[field] = mode
    return msgspec.structs.replace(container, joined_modes=joined) if joined else container
