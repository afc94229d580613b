"""Changes of the members: each makes one configuration of another, which differs by one voter at most (thesis, 4.1)."""

from __future__ import annotations

import msgspec

from nacos_tw.raft.core.messages import Configuration, MemberRecord

REMEMBERED = 64
"""So many of the members that were removed are remembered."""


def added(config: Configuration, record: MemberRecord, *, joins: bool = False, proves: bool = False) -> Configuration:
    """
    With another learner.

    @param joins: it is promoted as soon as it has caught up; C{proves}: when it was well for a while.
    """
    joining = (*config.joining, record.name) if joins else config.joining
    known = tuple(gone for gone in config.removed if gone.name != record.name or (gone.id and gone.id != record.id))
    return msgspec.structs.replace(
        config,
        learners=(*config.learners, record.name),
        members=(*_without(config.members, record.name), record),
        removed=known,
        joining=joining,
        proving=(*config.proving, record.name) if proves else config.proving,
    )


def promoted(config: Configuration, name: str) -> Configuration:
    """With a voter that was a learner."""
    return msgspec.structs.replace(
        config,
        voters=(*config.voters, name),
        learners=_less(config.learners, name),
        joining=_less(config.joining, name),
        proving=_less(config.proving, name),
    )


def demoted(config: Configuration, name: str) -> Configuration:
    """With a learner that was a voter."""
    return msgspec.structs.replace(config, voters=_less(config.voters, name), learners=(*config.learners, name))


def removed(config: Configuration, name: str) -> Configuration:
    """Without a member, which is remembered as one that was removed."""
    gone = (*_without(config.removed, name), config.record(name))[-REMEMBERED:]
    return msgspec.structs.replace(
        config,
        voters=_less(config.voters, name),
        learners=_less(config.learners, name),
        members=_without(config.members, name),
        removed=gone,
        joining=_less(config.joining, name),
        proving=_less(config.proving, name),
    )


def replaced(config: Configuration, name: str, record: MemberRecord) -> Configuration:
    """Without a member, and with another one in its stead, which becomes a voter, if that was one, once it has caught
    up. It may have the same name: a node whose disk was lost."""
    return added(removed(config, name), record, joins=name in (*config.voters, *config.joining, *config.proving))


def noted(config: Configuration, record: MemberRecord) -> Configuration:
    """With what is known of a member now."""
    return msgspec.structs.replace(config, members=(*_without(config.members, record.name), record))


def _less(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(each for each in names if each != name)


def _without(records: tuple[MemberRecord, ...], name: str) -> tuple[MemberRecord, ...]:
    return tuple(each for each in records if each.name != name)
