"""Who acts: officers with roles, and machines that answer to a named person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ayni.model.checks import require


class Role(StrEnum):
    """What an officer is there for. One officer may hold several, except that oversight stands alone."""

    ANALYST = "analyst"
    INVESTIGATOR = "investigator"
    COORDINATOR = "coordinator"
    LIAISON = "liaison"
    OVERSIGHT = "oversight"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A person with roles, or a machine (`desk:maritime`, `inbox`, `retention`) with a person who answers for it.

    Raises:
        InvalidValueError: if a machine has roles or nobody answers for it, if a person has
            no role, or if oversight is mixed with other roles.
    """

    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    machine: bool = False
    answerable: str = ""
    """Id of the officer who answers for a machine."""

    def __post_init__(self) -> None:
        require(bool(self.id), "id", "an officer needs an id")
        if self.machine:
            require(not self.roles, "roles", "a machine has no roles")
            require(bool(self.answerable), "answerable", "a machine needs a person who answers for it")
        else:
            require(bool(self.roles), "roles", "an officer needs at least one role")
            require(
                Role.OVERSIGHT not in self.roles or len(self.roles) == 1,
                "roles",
                "oversight is not combined with other roles",
            )
