"""Open our sealed files with an independent implementation, and theirs with ours.

    npm install --prefix FOLDER age-encryption
    python scripts/check_age_interop.py FOLDER

The other implementation is `age-encryption` (TypeScript, by the author of age), run by
Node.js. It is not part of the tests, which install nothing from npm. Exits with 1 when a
file is not opened, or opened to other bytes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ayni.exchange import age
from ayni.exchange.keys import SealingSecret

SIZES = (0, 1, 1_000, age.CHUNK - 1, age.CHUNK, age.CHUNK + 1, 3 * age.CHUNK + 17)
PROGRAM = """
import * as age from "age-encryption"
import { readFileSync, writeFileSync } from "node:fs"
const [identity, recipient, other, folder, ...sizes] = process.argv.slice(2)
for (const size of sizes) {
  const open = new age.Decrypter(); open.addIdentity(identity)
  writeFileSync(`${folder}/${size}.theirs`, await open.decrypt(readFileSync(`${folder}/${size}.ours.age`)))
  const seal = new age.Encrypter(); seal.addRecipient(other); seal.addRecipient(recipient)
  writeFileSync(`${folder}/${size}.theirs.age`, await seal.encrypt(readFileSync(`${folder}/${size}.plain`)))
}
"""


def main() -> None:
    """Exchange files of every size at a chunk's edge, for two recipients."""
    if len(sys.argv) != 2:  # noqa: PLR2004 -- the program and its one argument
        raise SystemExit(__doc__)
    modules = Path(sys.argv[1]).resolve()
    mine, other = (SealingSecret.generate(datetime.now(UTC)) for _ in range(2))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="ayni-age-") as place:
        folder = Path(place)
        for size in SIZES:
            plain = os.urandom(size)
            (folder / f"{size}.plain").write_bytes(plain)
            sealed = age.seal_bytes(plain, [other.key.public(), mine.key.public()])
            (folder / f"{size}.ours.age").write_bytes(sealed)
        program = modules / "interop.mjs"
        program.write_text(PROGRAM)
        keys = [mine.to_age(), mine.key.recipient, other.key.recipient]
        subprocess.run(["node", program, *keys, folder, *map(str, SIZES)], check=True)
        program.unlink()
        for size in SIZES:
            plain = (folder / f"{size}.plain").read_bytes()
            theirs = (folder / f"{size}.theirs.age").read_bytes()
            ours_opened = (folder / f"{size}.theirs").read_bytes() == plain
            theirs_opened = all(age.open_bytes(theirs, [key.private()]) == plain for key in (mine, other))
            failed += not (ours_opened and theirs_opened)
            print(f"{size:>8} bytes: they open ours {ours_opened}, we open theirs {theirs_opened}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
