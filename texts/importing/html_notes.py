"""Notes in HTML, by one rule for all makers' markup.

A link whose text is a label and whose target lies later in the document is a reference; the block around the target is
the note's text; a link back is dropped. (Found right in the markup of pandoc, Word, LibreOffice, Google Docs,
Wikipedia, Substack, EPUB 3 and others: see the measurements in the project's notes on texts.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from . import limits
from .inline import Cut, Inline, cut, part
from .wording import word_set

BLOCKS = word_set(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td
    tfoot th thead tr ul"""
)
WHOLE = word_set("html body main article table tbody tr ol ul dl")  # too large to be one note
LABEL = re.compile(r"[\[({\s]*(?P<label>\d{1,4}|[a-z]{1,2}|[ivxlcdm]{1,6}|[*†‡§¶#]{1,4})[\])}.\s]*\Z", re.IGNORECASE)
HEADING = re.compile(r"(?:foot|end)?notes?\s*:?\Z|references\Z|anmerkungen\Z|notas?\Z|примечания\Z", re.IGNORECASE)
ARROWS = r"[\s\[\]().:^↑↩⏎←⇑▲\ufe0e\ufe0f]*"
BACK = re.compile(rf"{ARROWS}(?:\d{{1,4}}|[a-z]{{1,2}}|back|return|jump up|[*†‡§¶#]+)?{ARROWS}\Z", re.IGNORECASE)
EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
MOST_BLOCKS = 30  # in one note's text; more is a chapter that a table of contents leads to


@dataclass
class Links:
    references: dict = field(default_factory=dict)  # link element: (label, element of the note's text)
    bodies: dict = field(default_factory=dict)  # element of the note's text: label
    back: set = field(default_factory=set)  # links back
    removed: set = field(default_factory=set)  # elements that the running text is read without
    unlabelled: set = field(default_factory=set)  # elements of notes' texts that do not begin with the label


def find(root: etree._Element) -> Links:
    order, ids, anchors = {}, {}, []
    for index, element in enumerate(root.iter()):
        order[element] = index
        for name in (element.get("id"), element.get("name") if element.tag == "a" else None):
            if name:
                ids.setdefault(name, element)
        if element.tag == "a" and (element.get("href") or "").startswith("#"):
            anchors.append(element)
    links = Links()
    wanted = []
    for anchor in anchors:
        target = ids.get(anchor.get("href")[1:])
        label = LABEL.match(_label_text(anchor)) if target is not None else None
        ahead = target is not None and (order[target] > order[anchor] or _is_noteref(anchor))
        if label and ahead and not _in_navigation(anchor):
            wanted.append((anchor, label["label"], target))
    targets = {target for _anchor, _label, target in wanted}
    counts = _targets_inside(targets)
    for anchor, label, target in wanted[: limits.NOTES * 4]:
        body = _block_around(target, counts)
        if body is not None and not _is_within(anchor, body):
            # Two references to one text are one note, whatever label the second shows.
            links.references[anchor] = (links.bodies.setdefault(body, label), body)
    _drop_nested(links)
    _find_back_links(links, ids, order, anchors)
    links.removed |= set(links.bodies)
    _remove_emptied(root, links)
    return links


def _label_text(anchor: etree._Element) -> str:
    pieces = []
    for text in anchor.itertext():
        pieces.append(text)
        if sum(map(len, pieces)) > 40:
            break
    return "".join(pieces).strip()


def _is_noteref(anchor: etree._Element) -> bool:
    """An e-book may say so itself, wherever the notes stand."""
    return "noteref" in (anchor.get(EPUB_TYPE) or anchor.get("role") or "")


def _in_navigation(anchor: etree._Element) -> bool:
    return any(one.tag == "nav" for one in anchor.iterancestors())


def _targets_inside(targets: set) -> dict:
    """How many targets each element holds."""
    counts: dict = {}
    for target in targets:
        counts[target] = counts.get(target, 0) + 1
        for ancestor in target.iterancestors():
            counts[ancestor] = counts.get(ancestor, 0) + 1
    return counts


def _block_around(target: etree._Element, counts: dict) -> etree._Element | None:
    """The nearest block; its parent where that holds nothing but this note. None where it is no note."""
    block = target
    while block is not None and block.tag not in BLOCKS:
        block = block.getparent()
    if block is None or block.tag in WHOLE or block.tag.startswith("h") or counts.get(block, 0) > 1:
        return None
    parent = block.getparent()
    while parent is not None and parent.tag in ("li", "dd", "aside", "div") and counts.get(parent, 0) == 1:
        first = next((child for child in parent if child.tag in BLOCKS), None)
        if first is not block or (parent.text or "").strip() or _size(parent) > MOST_BLOCKS:
            break
        # A `div` around all notes where there is but one is still not more than that note.
        block, parent = parent, parent.getparent()
    return block if _size(block) <= MOST_BLOCKS and not _has_heading(block) else None


def _size(block: etree._Element) -> int:
    size = 0
    for element in block.iter():
        size += element.tag in BLOCKS
        if size > MOST_BLOCKS:
            break
    return size


def _has_heading(block: etree._Element) -> bool:
    return any(re.fullmatch(r"h[1-6]", element.tag) for element in block.iter() if isinstance(element.tag, str))


def _is_within(element: etree._Element, block: etree._Element) -> bool:
    return any(ancestor is block for ancestor in element.iterancestors())


def _drop_nested(links: Links) -> None:
    """A note's text inside another's, or a reference inside a note's text, stays text."""
    for anchor in list(links.references):
        ancestors = set(anchor.iterancestors())
        if ancestors & links.bodies.keys():
            del links.references[anchor]
    used = {body for _label, body in links.references.values()}
    for body in list(links.bodies):
        if body not in used or set(body.iterancestors()) & links.bodies.keys():
            del links.bodies[body]
    for anchor, (_label, body) in list(links.references.items()):
        if body not in links.bodies:
            del links.references[anchor]


def _find_back_links(links: Links, ids: dict, order: dict, anchors: list) -> None:
    for anchor in anchors:
        target = ids.get(anchor.get("href")[1:])
        back = target is not None and order[target] < order[anchor] and BACK.match(_label_text(anchor))
        inside = set(anchor.iterancestors()) & links.bodies.keys() if back else ()
        if inside:
            links.back.add(anchor)
            # The label went with the link, so `1 January` behind it is text.
            links.unlabelled |= {body for body in inside if _label_text(anchor).strip("[]().: ") == links.bodies[body]}
    links.unlabelled |= {body for body in links.bodies if body.tag == "li" and body.getparent().tag == "ol"}


def _remove_emptied(root: etree._Element, links: Links) -> None:
    """The heading "Notes" goes where the texts below it went."""
    known: dict = {}  # element: the nearest before it that stays; notes stand in long rows
    for body in list(links.bodies):
        element = body
        while element is not None and element is not root:
            before, passed = element.getprevious(), [element]
            while before is not None and before in links.removed:
                passed.append(before)
                before = known[before] if before in known else before.getprevious()
            known.update(dict.fromkeys(passed, before))
            if before is not None and before.tag == "hr":
                before = before.getprevious()
            if before is not None:
                is_title = len(before) <= 2 and HEADING.match("".join(before.itertext()).strip())
                if is_title and before.tag in BLOCKS:
                    links.removed.add(before)
                break
            element = element.getparent()


def without_empty_brackets(inline: Inline) -> Inline:
    """`[<a href="#n1">1</a>]` leaves brackets around nothing; they belong to the marker."""
    cuts = []
    for mark in inline.marks:
        around = inline.text[max(0, mark.offset - 1) : mark.offset + 1]
        if around in ("[]", "()") and (not cuts or cuts[-1].end < mark.offset):
            cuts.append(Cut(mark.offset - 1, mark.offset + 1))
    return cut(inline, cuts)


def without_label(inline: Inline, label: str) -> Inline:
    """The note's text without the label that it may begin with: `1. `, `[1] `, `^ `."""
    match = re.match(
        rf"(?:[\^↑]\s*)?(?:[\[(]?{re.escape(label)}(?:[\])][.:]?|[.:]|(?=\s)|(?<=[*†‡§¶#]))\s*|[\^↑]\s+)", inline.text
    )
    return part(inline, match.end(), len(inline.text)) if match and match.end() < len(inline.text) else inline
