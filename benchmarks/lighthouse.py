"""`uv run python -m benchmarks.lighthouse`: what Lighthouse says of a text and of a discussion, on its own slow phone.

Needs Lighthouse (`npm install --prefix .data/node lighthouse@13.5.0`) and Chromium. On the essay with 1,000 comments
and a discussion of 500, signed out and signed in.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
os.environ.setdefault("BENCHMARK_DATA", str(Path(__file__).parent.parent / ".data" / "lighthouse"))

import django

from .results import write_section

LIGHTHOUSE = Path(__file__).parent.parent / ".data" / "node" / "node_modules" / ".bin" / "lighthouse"
AIMS = {"performance": 95, "accessibility": 100, "best-practices": 100}
PAINTS = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")
OPTIONS = argparse.Namespace(port=8781, workers=1)
SITE = f"http://127.0.0.1:{OPTIONS.port}"


def main():
    from .phone import find_chromium, serving_compressed

    chromium = find_chromium()
    if not (LIGHTHOUSE.exists() and chromium):
        sys.exit(__doc__)
    django.setup()
    from .__main__ import cookie_header, signed_in
    from .data import SOME, prepare

    addresses, cookie = prepare(SOME), cookie_header(signed_in())
    pages = {"reading page": addresses["some"], "discussion of 500": addresses["thread"]}
    with serving_compressed(OPTIONS):
        rows = [
            (f"{name}, {who}", *looked_at(chromium, path, headers))
            for name, path in pages.items()
            for who, headers in (("signed out", {}), ("signed in", {"Cookie": cookie}))
        ]
    head = ["page", *AIMS, *(paint.replace("-", " ") for paint in PAINTS), "reached"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
    print("\n".join(lines))
    write_section("Lighthouse", "uv run python -m benchmarks.lighthouse", lines)


def looked_at(chromium, path, headers) -> list[str]:
    """What it says of one page: its scores of 100, what was painted when, and whether the aims were reached."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [LIGHTHOUSE, f"{SITE}{path}", "--quiet", "--output=json", f"--output-path={report}"]
        command += [f"--only-categories={','.join(AIMS)}", f"--extra-headers={json.dumps(headers)}"]
        command += ["--chrome-flags=--headless=new --no-sandbox"]
        subprocess.run(command, check=True, timeout=180, env=os.environ | {"CHROME_PATH": chromium})
        said = json.loads(report.read_text(encoding="utf-8"))
    scores = {name: round(100 * said["categories"][name]["score"]) for name in AIMS}
    for name, audit in said["audits"].items():
        if audit.get("score") == 0 and audit["scoreDisplayMode"] == "binary":
            print(path, name, audit["title"])
            for item in audit.get("details", {}).get("items", [])[:5]:
                print("  ", item.get("node", {}).get("snippet"), item.get("node", {}).get("boundingRect"))
    paints = [said["audits"][name]["displayValue"].replace("\xa0", " ") for name in PAINTS]
    reached = all(scores[name] >= aim for name, aim in AIMS.items())
    return [*map(str, scores.values()), *paints, "yes" if reached else "**no**"]


if __name__ == "__main__":
    main()
