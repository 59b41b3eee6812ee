"""Words of the vocabulary as people read them: purposes, roles, states, reasons for dismissal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext, gettext_noop

from ayni.model.handling import Purpose
from ayni.model.officer import Role

_ = gettext_noop

PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.VESSEL_TRAFFIC: _("Vessel traffic"),
    Purpose.SAFETY: _("Safety"),
    Purpose.SECURITY: _("Security"),
    Purpose.SEARCH_AND_RESCUE: _("Search and rescue"),
    Purpose.OPERATION: _("Operation"),
    Purpose.FISHERIES_WARNING: _("Fisheries warning"),
    Purpose.FISHERIES_MONITORING: _("Fisheries monitoring"),
    Purpose.FISHERIES_OPERATION: _("Fisheries operation"),
    Purpose.ENVIRONMENT_MONITORING: _("Environment monitoring"),
    Purpose.ENVIRONMENT_WARNING: _("Environment warning"),
    Purpose.ENVIRONMENT_RESPONSE: _("Environment response"),
    Purpose.CUSTOMS_MONITORING: _("Customs monitoring"),
    Purpose.CUSTOMS_OPERATION: _("Customs operation"),
    Purpose.BORDER_MONITORING: _("Border monitoring"),
    Purpose.BORDER_OPERATION: _("Border operation"),
    Purpose.LAW_MONITORING: _("Law enforcement monitoring"),
    Purpose.LAW_OPERATION: _("Law enforcement operation"),
    Purpose.DEFENCE_MONITORING: _("Defence monitoring"),
    Purpose.COUNTER_TERRORISM: _("Counter-terrorism"),
    Purpose.CSDP_TASK: _("CSDP task"),
    Purpose.NON_SPECIFIED: _("Not specified"),
    Purpose.COUNTER_NARCOTICS: _("Counter-narcotics"),
    Purpose.TRAFFICKING_IN_PERSONS: _("Trafficking in persons"),
    Purpose.ARMS_TRAFFICKING: _("Arms trafficking"),
    Purpose.MONEY_LAUNDERING: _("Money laundering"),
    Purpose.ILLEGAL_FISHING: _("Illegal fishing"),
    Purpose.ENVIRONMENTAL_CRIME: _("Environmental crime"),
    Purpose.HERITAGE_CRIME: _("Heritage crime"),
    Purpose.CYBERCRIME: _("Cybercrime"),
    Purpose.DRUG_EARLY_WARNING: _("Drug early warning"),
    Purpose.FUGITIVES: _("Fugitives"),
    Purpose.JUDICIAL_COOPERATION: _("Judicial cooperation"),
    Purpose.OVERSIGHT: _("Oversight"),
    Purpose.ADMINISTRATION: _("Administration"),
    Purpose.TRAINING: _("Training"),
}
ROLES: Final[Mapping[Role, str]] = {
    Role.ANALYST: _("Analyst"),
    Role.INVESTIGATOR: _("Investigator"),
    Role.COORDINATOR: _("Coordinator"),
    Role.LIAISON: _("Liaison officer"),
    Role.OVERSIGHT: _("Oversight officer"),
    Role.ADMINISTRATOR: _("Administrator"),
}


def purpose_name(purpose: Purpose) -> str:
    """Return a purpose in the reader's language."""
    return gettext(PURPOSES[purpose])


def role_name(role: Role) -> str:
    """Return a role in the reader's language."""
    return gettext(ROLES[role])
