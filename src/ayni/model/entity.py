"""Who and what a signal is about: FollowTheMoney entities behind one door.

Ayni speaks the vocabulary of FollowTheMoney (Vessel, Person, Company, Payment…)
without importing it until an entity's schema must be checked, because the
package takes longer to import than most commands take to run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from ayni.model.checks import require

if TYPE_CHECKING:
    from followthemoney.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One vessel, person, company or thing, in FollowTheMoney's terms.

    `properties` maps a FollowTheMoney property to its values, each a string.

    Raises:
        InvalidValueError: if id or schema is empty, or a property has no value.
    """

    id: str
    schema: str
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def __post_init__(self) -> None:
        require(bool(self.id), "id", "an entity needs an id")
        require(bool(self.schema), "schema", "an entity needs a FollowTheMoney schema")
        for name, values in self.properties.items():
            require(bool(values) and all(values), f"properties.{name}", "a property needs at least one value")

    def first(self, name: str) -> str:
        """Return the first value of a property, or an empty string."""
        values = self.properties.get(name, ())
        return values[0] if values else ""


def check_schema(entity: Entity) -> tuple[str, ...]:
    """Return what FollowTheMoney finds wrong with *entity*; empty when it is right.

    Imports FollowTheMoney on first use.
    """
    schema = _model().get(entity.schema)
    if schema is None:
        return (f"there is no schema {entity.schema}",)
    return tuple(f"{entity.schema} has no property {name}" for name in entity.properties if schema.get(name) is None)


@lru_cache(maxsize=1)
def _model() -> Model:
    from followthemoney import model  # noqa: PLC0415 -- 0.5 s that most commands never need

    return model
