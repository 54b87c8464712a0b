"""What a saved page has besides its text: menus, edit links, page numbers, requests to subscribe."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from .wording import word_set

TYPE = "{http://www.idpf.org/2007/ops}type"
CLASSES = word_set(
    """navbox mw-editsection toc catlinks printfooter noprint mw-jump-link sistersitebox ambox hatnote infobox metadata
    mw-indicators vector-toc mw-empty-elt pagenum pageno page-number page_number pg-boilerplate
    linkback toplink updat subscription-widget-wrap subscription-widget subscription-widget-wrap-editor button-wrapper
    post-ufi comments-section share-dialog like-button-container post-footer sharedaddy jp-relatedposts
    screen-reader-text sr-only visually-hidden breadcrumb breadcrumbs cookie-notice cookie-banner site-footer
    header-anchor"""
)
IDS = word_set("toc sitesub contentsub jump-to-nav mw-navigation pg-header pg-footer catlinks p-lang-btn cookie-banner")
ROLES = word_set("navigation search doc-pagebreak doc-toc menu menubar banner contentinfo")
TYPES = word_set("pagebreak toc landmarks page-list loi lot")
CENTRES = (
    ".//*[@id='mw-content-text']",
    ".//*[@itemprop='articleBody']",
    ".//div[@class='available-content']",
    ".//main",
    ".//*[@role='main']",
    ".//article",
)
NAMED_CENTRES = ("entry-content", "post-content", "article-body", "article-content", "post-body")
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)


def is_furniture(element: etree._Element) -> bool:
    """Whether what the page calls the element says that it is none of the text."""
    get = element.get
    names = get("class")
    if names and not CLASSES.isdisjoint(names.lower().split()):
        return True
    identifier = get("id")
    if identifier and identifier.lower() in IDS:
        return True
    role = get("role")
    if role and role.lower() in ROLES:
        return True
    kind = get(TYPE) or get("epub:type")
    if kind and not TYPES.isdisjoint(kind.split()):
        return True
    style = get("style")
    if style and element.tag != "hr" and HIDDEN.search(style):
        return True
    return element.tag == "div" and get("title") in ("header", "footer") and len(element.attrib) <= 2


def centre(tree: etree._Element) -> etree._Element:
    """The element with the text: where the page's maker says it is, else all of the body."""
    for path in CENTRES:
        found = tree.findall(path)
        if len(found) == 1 and _has_text(found[0]):
            return _named_centre(found[0]) if found[0].tag in ("main", "article") else found[0]
    body = tree.find("body")
    return tree if body is None else _named_centre(body)


def _named_centre(root: etree._Element) -> etree._Element:
    for name in NAMED_CENTRES:
        found = [one for one in root.iter("div", "section") if name in (one.get("class") or "").lower().split()]
        if len(found) == 1 and _has_text(found[0]):
            return found[0]
    return root


def _has_text(element: etree._Element) -> bool:
    return any(text.strip() for text in element.itertext())


def title_outside(tree: etree._Element, root: etree._Element) -> str:
    """The page's own heading, where it stands outside the element with the text."""
    if any(True for _one in root.iter("h1")):
        return ""
    found = [one for one in tree.iter("h1") if _has_text(one)]
    named = [
        one
        for one in found
        if one.get("id") == "firstHeading"
        or {"post-title", "entry-title", "article-title"} & set((one.get("class") or "").split())
    ]
    chosen = named or found
    return " ".join("".join(chosen[0].itertext()).split()) if len(chosen) == 1 else ""


def without_comments(tree: etree._Element) -> int:
    """Takes the remarks out that Google Docs writes like notes; says how many there were."""
    anchors = [one for one in tree.iter("a") if re.match(r"#cmnt(?:_ref)?\d+\Z", one.get("href") or "")]
    bodies = 0
    for anchor in anchors:
        body = anchor.get("href").startswith("#cmnt_ref")
        element = anchor
        if body:
            bodies += 1
            element = next((one for one in anchor.iterancestors("div")), anchor)
        elif anchor.getparent() is not None and anchor.getparent().tag == "sup" and len(anchor.getparent()) == 1:
            element = anchor.getparent()
        if element.getparent() is not None:
            element.drop_tree()
    return bodies


def address(href: str) -> str:
    """Where a link leads behind Google's own address for it."""
    if href.startswith("https://www.google.com/url?"):
        return (parse_qs(urlsplit(href).query).get("q") or [href])[0]
    return href
