from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ayni.desks.maritime import DESK
from ayni.exchange.formats import FORMATS
from ayni.exchange.formats.cise import (
    ANOMALY_TYPES,
    RiskProbability,
    RiskType,
    anomaly,
    anomaly_type,
    risk_of,
    write_cise,
)
from ayni.model.entity import Entity
from ayni.model.place import LineString, Point
from ayni.model.signal import Reason, Signal, SignalState, signal_id
from tests.shared_data import shared_data, vectors

AT = datetime(2026, 11, 2, 4, 6, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cise.md"


def said(name: str = "ALBA", rule: str = "maritime.gap/1") -> Signal:
    """Return a signal about a fictional ship."""
    ship = Entity(
        id="mmsi-299000001",
        schema="Vessel",
        properties={"mmsi": ("299000001",), "name": (name,), "imoNumber": ("9074729",), "callSign": ("ZZZZ",)},
    )
    return Signal(
        id=signal_id(rule, {}, [1]),
        state=SignalState.CLOSED,
        desk="maritime",
        rule=rule,
        made_at=AT,
        started_at=AT,
        ended_at=AT.replace(hour=13),
        place=LineString(coordinates=((-88.0, -4.0), (-87.0, -3.0))),
        subjects=(ship,),
        reasons=(
            Reason(
                says="no position received for {silence_s:duration}, then one again",
                facts={"silence_s": 32_040},
                weight=0.2,
            ),
        ),
    )


XSD = "{http://www.w3.org/2001/XMLSchema}"


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, etree.XMLSchema]:
    """Return the two schemas of CISE 1.5.3 that we write to, from the published archive.

    libxml2 reads one file a name space; CISE spreads each over many. So the definitions of each
    name space are put into one file, unchanged, and every file imports the others.
    """
    folder = tmp_path_factory.mktemp("cise")
    spaces: dict[str, list[etree._Element]] = {}
    known: dict[str | None, str] = {}
    with zipfile.ZipFile(vectors("maritime", "cise", "cise-data-model-1.5.3.12.jar")) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(("xsd/entity/", "xsd/relationship/")) and name.endswith(".xsd"):
                root = etree.fromstring(archive.read(name))
                known |= root.nsmap
                kept = [child for child in root if child.tag in {f"{XSD}complexType", f"{XSD}simpleType"}]
                spaces.setdefault(str(root.get("targetNamespace")), []).extend(kept)
    files = {space: f"space{number}.xsd" for number, space in enumerate(sorted(spaces))}
    for space, definitions in spaces.items():
        _write(folder / files[space], space, definitions, files, known)
    found = {}
    for name in ("Anomaly", "Risk"):
        space = f"http://www.cise.eu/datamodel/v1/entity/{name.lower()}/"
        element = etree.Element(f"{XSD}element", {"name": name, "type": f"{name.lower()}:{name}"}, nsmap=known)
        _write(folder / f"{name}.xsd", None, [element], {space: files[space]}, known)
        found[name] = etree.XMLSchema(etree.parse(str(folder / f"{name}.xsd")))
    return found


def _write(
    file: Path,
    space: str | None,
    definitions: list[etree._Element],
    files: dict[str, str],
    known: dict[str | None, str],
) -> None:
    root = etree.Element(f"{XSD}schema", {"targetNamespace": space} if space else {}, nsmap=known)
    for other, where in files.items():
        if other != space:
            etree.SubElement(root, f"{XSD}import", {"namespace": other, "schemaLocation": where})
    root.extend(definitions)
    file.write_bytes(etree.tostring(root))


@shared_data
@pytest.mark.shared_data
@pytest.mark.parametrize("rule", [detector.rule for detector in DESK.detectors])
def test_every_rule_gives_an_anomaly_that_is_valid(rule: str, schemas: dict[str, etree.XMLSchema]) -> None:
    """Against Anomaly.xsd of CISE 1.5.3."""
    for signal in (said(rule=rule), replace(said(rule=rule), ended_at=None, place=Point(coordinates=(1.0, 2.0)))):
        schemas["Anomaly"].assertValid(etree.fromstring(anomaly(signal)))


@shared_data
@pytest.mark.shared_data
def test_an_officers_word_gives_a_risk_that_is_valid(schemas: dict[str, etree.XMLSchema]) -> None:
    """Against Risk.xsd of CISE 1.5.3, for every type and probability."""
    for kind in RiskType:
        for probability in RiskProbability:
            risk = risk_of(said(), kind=kind, probability=probability, said_by="officer:ana")
            schemas["Risk"].assertValid(etree.fromstring(risk))


@shared_data
@pytest.mark.shared_data
def test_the_schema_refuses_what_is_wrong(schemas: dict[str, etree.XMLSchema]) -> None:
    """The check can fail: an anomaly of a type that CISE does not know."""
    wrong = anomaly(said()).replace(b"WithoutAISTransmission", b"Encounter")
    assert not schemas["Anomaly"].validate(etree.fromstring(wrong))


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=40))
def test_any_name_can_be_read_back(name: str) -> None:
    """Markup, control characters and lone surrogates of a stranger's name harm nothing."""
    tree = etree.fromstring(anomaly(said(name=name)))
    read = tree.findtext("InvolvedObjectRel/Object/Name") or ""
    expected = "".join(
        sign if sign in "\t\n" or " " <= sign <= "\ud7ff" or sign > "\udfff" else "\ufffd" for sign in name
    )
    assert read.replace("\r", "\n") == expected.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd").replace(
        "\r", "\n"
    )


def test_identifiers_come_back_as_they_went() -> None:
    """The signal's id as UUID, MMSI, IMO number and call sign."""
    signal = said()
    tree = etree.fromstring(anomaly(signal))
    assert (tree.findtext("Identifier/UUID") or "").replace("-", "") == signal.id
    vessel = "InvolvedObjectRel/Object"
    assert [tree.findtext(f"{vessel}/{name}") for name in ("MMSI", "IMONumber", "CallSign")] == [
        "299000001",
        "9074729",
        "ZZZZ",
    ]


def test_reasons_and_the_rule_travel_as_text() -> None:
    """What CISE has no field for is said in words."""
    tree = etree.fromstring(anomaly(said()))
    assert "no position received for 8 h 54 min, then one again (+0.2)" in (tree.findtext("Metadata/Comments") or "")
    assert tree.findtext("Metadata/Designation") == "maritime.gap/1 revision 1 closed"


def test_cards_and_table_agree() -> None:
    """The card of a rule and the format say the same type, and so does the page."""
    page = PAGE.read_text("utf-8")
    for detector in DESK.detectors:
        assert anomaly_type(detector.rule) == detector.cise, detector.rule
    for rule, kind in ANOMALY_TYPES.items():
        assert f"| `{rule}` | `{kind}` |" in page


def test_many_signals_are_one_document() -> None:
    """`--format cise` writes one element a signal."""
    stream = io.BytesIO()
    FORMATS["cise"]([said(), said("BRISA")], stream)
    assert len(etree.fromstring(stream.getvalue()).findall("Anomaly")) == 2
    empty = io.BytesIO()
    write_cise([], empty)
    assert len(etree.fromstring(empty.getvalue())) == 0
