"""Write the published JSON Schemas from the code, to `docs/reference/schemas/`.

    python scripts/write_schemas.py

Run it after a change of the vocabulary; a test fails until the files equal the code.
"""

from __future__ import annotations

import json
from pathlib import Path

from ayni.model.codec import published_schemas
from ayni.node.kinds import ALL_KINDS

FOLDER = Path(__file__).parents[1] / "docs" / "reference" / "schemas"


def rendered() -> dict[str, str]:
    """Return the text of every schema file, by name."""
    return {
        f"{stem}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for stem, schema in published_schemas(ALL_KINDS).items()
    }


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, "utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
