"""What somebody has written themselves in a mail, without what their mail program quotes, and without the signature.

The library `quotequail` knows how mail programs begin a quotation, in many languages. `mail-parser-reply` was tried and
not taken: it drops lists and whatever follows a line that begins with "Thanks,", and takes minutes for hostile lines.
"""

import re

import quotequail

from readinggroup.notifications.mail_addresses import names_ours

# The library compares each line with those after it: so much of the mail is looked at, and of each line the beginning.
MOST_LINES = 2_000
LONGEST_LINE = 300
MOST_WRAPPED = 4  # lines over which a mail program breaks "On … wrote:"
_BEGINS_INTRO = re.compile(r"[> ]*(On|Am|Le|El|Den|Em|Op) ")
_DATED = re.compile(r"[0-9@]")
_SIGNATURE = re.compile(r"-- ?")
LONGEST_OF_PROGRAM = 90
# What mail programs add of themselves at the end.
_BY_PROGRAM = re.compile(
    r"(Sent (from|with|via) (my |Outlook|Mail|Yahoo|Gmail|Proton|Samsung|the |AOL|Spark|[\w ]{0,20}(app|Mail)\b)"
    r"|Get (Outlook|BlueMail|Yahoo Mail) for |Sent using "
    r"|Von mein\w* .{1,40} gesendet|Gesendet (von|mit|über) |(Holen Sie sich|Laden Sie) Outlook "
    r"|Diese Nachricht wurde von mein\w* .{1,60} gesendet"
    r"|Envoy[ée]e? (de|depuis|à partir de|avec) |Obtenir Outlook |T[ée]l[ée]charger Outlook "
    r"|(Outlook|Yahoo Mail|Gmail|Proton Mail) (for|für|pour) (iOS|Android|Mac|Windows))",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """The answer in a mail's text: above, below or between what is quoted."""
    lines = text.split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    lines = lines[filled[0] : filled[-1] + 1] if filled else []
    seen, intros = as_seen(lines[:MOST_LINES])
    found = quotequail.unwrap("\n".join(seen))
    parts = [lines]
    if found is not None:
        above = found["text_top"].count("\n") + 1 if "text_top" in found else 0
        below = []
        if found["type"] in {"reply", "quote"} and any(line.startswith(">") for line in seen[above:]):
            below = [
                line
                for number, line in enumerate(lines[above:], above)
                if not line.lstrip().startswith(">") and number not in intros
            ]
        parts = [without_intro(lines[:above]), below]
    words = "\n\n".join(filter(None, (closed("\n".join(unsigned(part))) for part in parts)))
    # A signed address, or a link that ends mail, is for one person's eyes: an answer is read by all.
    shown = [line for line in words.split("\n") if not names_ours(line) and "/mail/stop/" not in line]
    return closed("\n".join(shown))


def as_seen(lines) -> tuple:
    """The lines as the library is shown them, and the numbers of those that introduce a quotation.

    An introduction that was wrapped stands in its first line. "On reading this he wrote:" is none: it names no day.
    """
    seen = [line.replace("\u00a0", " ").replace("\u202f", " ")[:LONGEST_LINE].strip() for line in lines]
    seen = [re.sub(r" a écrit ?:$", " a écrit :", line) for line in seen]
    intros = set()
    for number, line in enumerate(seen):
        if number in intros:
            continue
        if not _BEGINS_INTRO.match(line):
            intros |= {number} if introduces(line) else set()
            continue
        # The library shall not look once more, and find what was wrapped.
        seen[number] = re.sub(r"^[> ]*", r"\g<0>.", line)
        for wrapped in range(1, MOST_WRAPPED + 1):
            joined = joined_lines([line, *seen[number + 1 : number + wrapped]])
            if joined.endswith(":") and introduces(joined):
                if _DATED.search(joined):
                    intros |= set(range(number, number + wrapped))
                    seen[number : number + wrapped] = [joined, *([""] * (wrapped - 1))]
                break
    return seen, intros


def joined_lines(lines) -> str:
    """What was wrapped, in one line: without the marks of a quotation, and without a gap inside of an address."""
    words = " ".join([lines[0], *(line.lstrip("> ") for line in lines[1:])])
    return re.sub(r" a écrit ?:$", " a écrit :", words.replace("< ", "<"))


def introduces(line) -> bool:
    return bool(line) and quotequail.quote(line, quote_intro_line=True)[0] == (True, "")


def without_intro(lines) -> list:
    """The lines above a quotation, without one that introduces it in a language that the library does not know."""
    lines = without_gap(lines)
    last = lines[-1].strip() if lines else ""
    is_intro = last.endswith((":", "：")) and _DATED.search(last) and len(last) <= LONGEST_LINE
    return lines[:-1] if is_intro or re.fullmatch(r"[-_]{3,}.{0,60}[-_]{3,}", last) else lines


def unsigned(lines) -> list:
    """Without the signature behind `-- ` (RFC 3676, 4.3), and without what the mail program says of itself."""
    for number, line in enumerate(lines):
        after_a_gap = number > 0 and not lines[number - 1].strip()
        if _SIGNATURE.fullmatch(line) and (line == "-- " or after_a_gap):
            lines = lines[:number]
            break
    lines = without_gap(lines)
    for _several in range(3):
        if lines and is_by_program(lines[-1].strip(" *_<>()[]")):
            lines = without_gap(lines[:-1])
    return lines


def without_gap(lines) -> list:
    """Without the empty lines at the end."""
    last = next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip()), 0)
    return lines[:last]


def is_by_program(line) -> bool:
    return len(line) <= LONGEST_OF_PROGRAM and _BY_PROGRAM.match(line) is not None


def closed(text) -> str:
    """Without the gaps that were left."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")
