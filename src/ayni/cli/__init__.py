"""The door for hands: the command line.

    ayni demo                         what Ayni does, on real data, in a minute
    ayni node | officer | desk        one institution and its people
    ayni <desk> detect FILES…         files in, signals out, no node needed
    ayni signal | task | outcome      the day's work
    ayni agreement | ledger           what was signed, what was done
    ayni bench                        every promise measured against its peer

Commands are thin: they parse, call the same functions as the other doors, and
print. Groups are imported when called, so that `ayni --help` answers at once.

Exit codes: 0 done, 1 refused or found wrong (the reason on standard error),
2 wrong usage.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from ayni.cli.frame import ayni, run  # noqa: PLC0415 -- `import ayni.cli` stays free of click

    sys.exit(run(ayni))
