"""How something may be used: by whom, for what, in which way, and until when.

Four independent markings travel with every record, and the most restrictive wins:

* handling codes H0 to H3, as Europol's SIENA uses them;
* TLP 2.0 (FIRST, August 2022): who may see it;
* PAP (Permissible Actions Protocol, MISP taxonomy): what may be done with it;
* purposes and legal basis: why it may be used at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ayni.model.checks import aware, require


class HandlingCode(StrEnum):
    """Europol handling codes. Source: Europol, SIENA handling codes (2017)."""

    H0 = "H0"
    """Only for preventing and combating crime. Always implied."""
    H1 = "H1"
    """Not to be disclosed in judicial proceedings without the provider's permission."""
    H2 = "H2"
    """Not to be disseminated without the provider's permission."""
    H3 = "H3"
    """Other restrictions, in words, that a named officer acknowledges."""


class TLP(StrEnum):
    """Traffic Light Protocol 2.0: who may see it. Source: FIRST, TLP 2.0 (2022)."""

    RED = "RED"
    AMBER_STRICT = "AMBER+STRICT"
    AMBER = "AMBER"
    GREEN = "GREEN"
    CLEAR = "CLEAR"


class PAP(StrEnum):
    """Permissible Actions Protocol: what may be done with it. Source: MISP taxonomy `PAP`."""

    RED = "RED"
    """Passive use only: nothing that the subject could notice, no outside query."""
    AMBER = "AMBER"
    GREEN = "GREEN"
    CLEAR = "CLEAR"


class Purpose(StrEnum):
    """Why something is seen, used or shared.

    The first twenty-one are the purposes of CISE, the European maritime exchange,
    so that its messages map without loss; the rest are the crimes that institutions
    of the Americas and Europe name in their agreements. None is migration enforcement.
    """

    VESSEL_TRAFFIC = "vessel-traffic"
    SAFETY = "safety"
    SECURITY = "security"
    SEARCH_AND_RESCUE = "search-and-rescue"
    OPERATION = "operation"
    FISHERIES_WARNING = "fisheries-warning"
    FISHERIES_MONITORING = "fisheries-monitoring"
    FISHERIES_OPERATION = "fisheries-operation"
    ENVIRONMENT_MONITORING = "environment-monitoring"
    ENVIRONMENT_WARNING = "environment-warning"
    ENVIRONMENT_RESPONSE = "environment-response"
    CUSTOMS_MONITORING = "customs-monitoring"
    CUSTOMS_OPERATION = "customs-operation"
    BORDER_MONITORING = "border-monitoring"
    BORDER_OPERATION = "border-operation"
    LAW_MONITORING = "law-enforcement-monitoring"
    LAW_OPERATION = "law-enforcement-operation"
    DEFENCE_MONITORING = "defence-monitoring"
    COUNTER_TERRORISM = "counter-terrorism"
    CSDP_TASK = "csdp-task"
    NON_SPECIFIED = "non-specified"
    COUNTER_NARCOTICS = "counter-narcotics"
    TRAFFICKING_IN_PERSONS = "trafficking-in-persons"
    ARMS_TRAFFICKING = "arms-trafficking"
    MONEY_LAUNDERING = "money-laundering"
    ILLEGAL_FISHING = "illegal-fishing"
    ENVIRONMENTAL_CRIME = "environmental-crime"
    HERITAGE_CRIME = "heritage-crime"
    CYBERCRIME = "cybercrime"
    DRUG_EARLY_WARNING = "drug-early-warning"
    FUGITIVES = "fugitives"
    JUDICIAL_COOPERATION = "judicial-cooperation"
    OVERSIGHT = "oversight"
    ADMINISTRATION = "administration"
    TRAINING = "training"


class Category(StrEnum):
    """What makes a record more delicate than others; agreements exclude categories by name.

    The first eight are the special categories of personal data; the rest are people whom
    the law shields. Source: Directive (EU) 2016/680, art. 10, and art. 6 for the kinds of persons.
    """

    ETHNIC_ORIGIN = "ethnic-origin"
    POLITICAL_OPINION = "political-opinion"
    RELIGION = "religion"
    UNION_MEMBERSHIP = "union-membership"
    GENETIC = "genetic"
    BIOMETRIC = "biometric"
    HEALTH = "health"
    SEX_LIFE = "sex-life"
    MINOR = "minor"
    VICTIM = "victim"
    WITNESS = "witness"
    ASYLUM = "asylum"
    PRIVILEGED = "privileged"
    """Between lawyer and client, doctor and patient, journalist and source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """The markings of one record. The most restrictive of code, TLP, PAP and agreement wins.

    Raises:
        InvalidValueError: if H3 stands without the words it refers to.
    """

    codes: tuple[HandlingCode, ...] = (HandlingCode.H0,)
    tlp: TLP = TLP.AMBER_STRICT
    pap: PAP = PAP.AMBER
    caveats: str = ""
    """The restriction that H3 refers to, in the originator's words."""

    def __post_init__(self) -> None:
        require(len(set(self.codes)) == len(self.codes), "codes", "a code is named twice")
        require(
            HandlingCode.H3 not in self.codes or bool(self.caveats.strip()),
            "caveats",
            "H3 needs its restriction in words",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Why an officer acts: the purpose, and the rule of law that allows it. Never a default.

    Raises:
        InvalidValueError: if the legal basis is empty.
    """

    purpose: Purpose
    legal_basis: str
    """Instrument and article, e.g. "Ley Orgánica de Navegación, art. 12"."""

    def __post_init__(self) -> None:
        require(bool(self.legal_basis.strip()), "legal_basis", "an act needs the rule of law that allows it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A court forbids deletion: evidence, also for the defence, must not vanish."""

    court: str
    ground: str
    review_on: datetime
    """When the court looks at it again; a hold without review does not exist."""

    def __post_init__(self) -> None:
        require(bool(self.court.strip()), "court", "a hold names the court that ordered it")
        require(bool(self.ground.strip()), "ground", "a hold names its ground")
        aware(self.review_on, "review_on")
