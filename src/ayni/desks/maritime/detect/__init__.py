"""The questions this desk asks, one file a question or a family of them.

sql      how SQL texts are read, and the words of geodesy they may use
gap      no position received for hours

Each file opens by saying what is looked for and what looks like it but is not;
its texts lie beside it in `.sql` files. To add a rule: write the file, add its
`DETECTORS` here, its sentences to a catalogue in `phrases/`, its page to
docs/reference/maritime/.
"""

from ayni.desks.maritime.detect import gap
from ayni.model.desk import Detector

DETECTORS: tuple[Detector, ...] = (*gap.DETECTORS,)
