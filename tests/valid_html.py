"""Whether pages and parts are HTML as the standard has it, by the W3C's own checker (vnu, a Java program of npm).

Of what it says these are no faults: attributes of htmx, which no others are mistaken for; and rules of
style that browsers know longer than the checker does.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from django.conf import settings

NO_FAULT = re.compile(r"Attribute “hx-[a-z-]+” not allowed on element|CSS: ")
WHOLE = '<!DOCTYPE html><html lang="en"><head><title>A part</title></head><body>{}</body></html>'
# A part that is put into what the page has already.
AROUND = {"<li": '<ul role="listbox" aria-label="A list">{}</ul>', "<tr": "<table><tbody>{}</tbody></table>", "": "{}"}
CONTROL = "a page with a fault"


def checker() -> Path:
    places = [*filter(None, [os.environ.get("NODE_PATH")]), f"{settings.DATA_DIR}/node/node_modules"]
    return next((jar for place in places if (jar := Path(place, "vnu-jar/build/dist/vnu.jar")).exists()), None)


def why_no_checker() -> str:
    """Why HTML cannot be checked here; nothing when it can."""
    if not shutil.which("java"):
        return "there is no Java: apt-get install default-jre-headless"
    return "" if checker() else "vnu-jar is not installed: npm install --prefix .data/node vnu-jar"


class Kept:
    """Answers to be checked together: starting the checker costs more than a hundred pages. One of each shape."""

    def __init__(self):
        self.pages = {None: (CONTROL, "<p id=twice><span id=twice>A word.</span></p></p>")}

    def keep(self, name, answer) -> None:
        html = "" if answer.streaming else answer.content.decode()
        if not html.lstrip() or not answer.get("Content-Type", "").startswith("text/html"):
            return
        tags = re.findall(r"<[a-z][^>]*", html)
        shape = frozenset(re.sub(r'="[^"]*"', "", tag) for tag in tags)
        self.pages.setdefault(shape, (name, html))

    def faults(self, folder) -> list[str]:
        """What the checker says, as "page: message: where"."""
        names = {}
        for number, (name, html) in enumerate(self.pages.values()):
            if not html.lstrip().lower().startswith("<!doctype"):
                around = next(wrap for start, wrap in AROUND.items() if html.lstrip().startswith(start))
                html = WHOLE.format(around.replace("{}", html))
            file = Path(folder, f"{number}.html")
            file.write_text(html)
            names[file.name] = name
        command = ["java", "-Xss4m", "-jar", checker(), "--errors-only", "--format", "json", "--exit-zero-always"]
        said = subprocess.run(
            [*command, *(Path(folder, name) for name in names)], capture_output=True, text=True, check=True, timeout=300
        ).stderr
        found = [
            f"{names[Path(fault['url']).name]}: {fault['message']}: {fault.get('extract', '')}"
            for fault in json.loads(said)["messages"]
            if not NO_FAULT.match(fault["message"])
        ]
        assert any(fault.startswith(CONTROL) for fault in found)
        return [fault for fault in found if not fault.startswith(CONTROL)]
