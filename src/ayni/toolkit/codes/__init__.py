"""Numbers that bear their own proof: check digits, and whose block they come from.

A ship, an aircraft, a container, an account, a company: each has a number that a
clerk mistypes and a forger invents. Every function here takes any text, never
raises, and returns a `Checked` value: the number in its usual spelling, what kind
it is, which State issued its block, and everything found wrong, each as a `Reason`
that people read in their own language. A wrong check digit is a question to ask,
not an accusation: most are typing errors.

    vessels    IMO number, MMSI and its station, country by maritime identification digits
    aircraft   ICAO 24-bit address and the State of its block
    goods      container (ISO 6346), vehicle (VIN), telephone (IMEI)
    accounts   IBAN, BIC, LEI, ISIN, tax and identity numbers of the region
"""

from ayni.toolkit.codes.accounts import NATIONAL, check_bic, check_iban, check_isin, check_lei, check_national
from ayni.toolkit.codes.aircraft import check_icao24
from ayni.toolkit.codes.checked import Checked
from ayni.toolkit.codes.goods import check_container, check_imei, check_vin
from ayni.toolkit.codes.vessels import Mmsi, Station, check_imo, check_mmsi

__all__ = [
    "NATIONAL",
    "Checked",
    "Mmsi",
    "Station",
    "check_bic",
    "check_container",
    "check_iban",
    "check_icao24",
    "check_imei",
    "check_imo",
    "check_isin",
    "check_lei",
    "check_mmsi",
    "check_national",
    "check_vin",
]
