"""A feed as XML (RFC 4287): Django's writer, with what it leaves out."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed

# What XML 1.0 cannot hold, however it is written. Somebody may have typed it: the feed shows that something was there.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """One thing to tell. `name` never changes and is told once; `address` is a path of this site."""

    name: str
    title: str
    address: str
    html: str
    author: str
    at: datetime
    updated: datetime


class GroupFeed(Atom1Feed):
    """A group's feed: whole contents instead of summaries, their links as on the site, and a date also when empty."""

    def root_attributes(self):
        return super().root_attributes() | {"xml:base": f"{settings.SITE_URL}/"}

    def add_item_elements(self, handler, item):
        super().add_item_elements(handler, item)
        if item["html"]:
            handler.addQuickElement("content", item["html"], {"type": "html"})

    def latest_post_date(self):
        return max([item["updateddate"] for item in self.items], default=self.feed["since"])


def writable(text: str) -> str:
    """The text with what XML forbids replaced by the sign for it."""
    return _NOT_IN_XML.sub("\ufffd", text)


def tag_of(name: str) -> str:
    """A name for all time (RFC 4151), whatever becomes of addresses."""
    return f"tag:{urlsplit(settings.SITE_URL).hostname},2026:{name}"


def as_xml(*, group, name, title, address, own_address, entries) -> str:
    """The feed of these entries. `own_address` is where it is fetched; None where that is a secret of one person."""
    feed = GroupFeed(
        title=writable(title),
        link=f"{settings.SITE_URL}{address}",
        description="",
        language=group.language,
        author_name=writable(group.name),
        feed_url=own_address and f"{settings.SITE_URL}{own_address}",
        feed_guid=tag_of(name),
        since=group.created_at,
    )
    for entry in entries:
        feed.add_item(
            title=writable(entry.title),
            link=f"{settings.SITE_URL}{entry.address}",
            description=None,
            author_name=writable(entry.author) or None,
            pubdate=entry.at,
            updateddate=entry.updated,
            unique_id=tag_of(entry.name),
            html=writable(entry.html),
        )
    return feed.writeString("utf-8")
