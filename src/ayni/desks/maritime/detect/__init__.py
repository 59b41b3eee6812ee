"""The questions this desk asks, one file a question or a family of them.

sql            how SQL texts are read, and the words of geodesy they may use
_common        what several rules say or ask alike

gap            no position received for hours
disabling      the same, where reception hardly explains it
encounter      two ships together for hours
rendezvous     two ships very close for half an hour
loitering      very slow for hours, far out
drifting       moving in another direction than the bow points
calls          port visits, and stops away from port
transmitters   one MMSI of several ships, leaps, positions on land
identity       another identity than before, numbers that cannot be, another destination
gnss           positions that satellite navigation made up
deviation      off its own line for hours, and back
movement       towards a coast unheard, very fast, in tow
areas          into an area that somebody drew, at a speed watched for in it
watchlist      a number or a name that two officers listed

Each file opens by saying what is looked for and what looks like it but is not;
its texts lie beside it in `.sql` files. To add a rule: write the file, add its
`DETECTORS` here, its sentences to a catalogue in `phrases/`, its page to
docs/reference/maritime/.
"""

from ayni.desks.maritime.detect import (
    areas,
    calls,
    deviation,
    disabling,
    drifting,
    encounter,
    gap,
    gnss,
    identity,
    loitering,
    movement,
    rendezvous,
    transmitters,
    watchlist,
)
from ayni.model.desk import Derived, Detector

DETECTORS: tuple[Detector, ...] = (
    *gap.DETECTORS,
    *disabling.DETECTORS,
    *encounter.DETECTORS,
    *rendezvous.DETECTORS,
    *loitering.DETECTORS,
    *drifting.DETECTORS,
    *calls.DETECTORS,
    *transmitters.DETECTORS,
    *identity.DETECTORS,
    *gnss.DETECTORS,
    *deviation.DETECTORS,
    *movement.DETECTORS,
    *areas.DETECTORS,
    *watchlist.DETECTORS,
)
DERIVED: tuple[Derived, ...] = (*gnss.DERIVED, *deviation.DERIVED)
"""Tables that one rule alone stands on."""
