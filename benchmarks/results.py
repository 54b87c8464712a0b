"""The figures that are kept in `results.md`, each benchmark's in a section of its own."""

import re
from pathlib import Path

RESULTS = Path(__file__).parent / "results.md"


def write_section(title, command, lines) -> None:
    """Put these lines in the place of the section's former ones."""
    kept = RESULTS.read_text(encoding="utf-8") if RESULTS.is_file() else "# Results\n"
    section = f"## {title}\n\nWritten by `{command}`.\n\n" + "\n".join(lines) + "\n"
    former = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.M | re.S)
    found = former.search(kept)
    before, after = (kept[: found.start()], kept[found.end() :]) if found else (kept, "")
    parts = [part.strip() for part in (before, section, after) if part.strip()]
    RESULTS.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
