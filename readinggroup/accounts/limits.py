"""How often one person, and one network, may do something: write, report. Counted by the database, one query a time.

allauth limits tries to sign in, by histories in the cache; that takes some ten queries a rate and forgets when the
cache is full, which is too dear for what every comment goes through.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from allauth.account.adapter import get_adapter
from allauth.core.internal.ratelimit import parse_rates
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

# A stretch of time begins with what is counted first, and ends by itself.
_COUNT = """
    INSERT INTO accounts_pace AS pace (key, count, ends_at)
    SELECT key, 1, clock_timestamp() + make_interval(secs => seconds)
    FROM unnest(%s::text[], %s::float[]) AS asked (key, seconds) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN pace.ends_at > clock_timestamp() THEN pace.count + 1 ELSE 1 END,
        ends_at = CASE WHEN pace.ends_at > clock_timestamp() THEN pace.ends_at ELSE EXCLUDED.ends_at END
    RETURNING key, count, ends_at
"""
_UNCOUNT = """
    UPDATE accounts_pace SET count = count - 1
    WHERE key IN (SELECT key FROM accounts_pace WHERE key = ANY(%s) ORDER BY key FOR UPDATE)
"""


@dataclass(frozen=True)
class Limit:
    """That somebody has to wait, and until when."""

    until: datetime

    @property
    def seconds(self) -> int:
        return max(1, ceil((self.until - timezone.now()).total_seconds()))

    @property
    def sentence(self) -> str:
        """What the person is told."""
        minutes = ceil(self.seconds / 60)
        told = ngettext(
            "That was a lot in a short time. Your words are still here: send them again in %(minutes)d minute.",
            "That was a lot in a short time. Your words are still here: send them again in %(minutes)d minutes.",
            minutes,
        )
        return told % {"minutes": minutes}

    def said_in(self, response):
        """The answer, with 429 and the seconds for programs."""
        response.status_code = 429
        response["Retry-After"] = str(self.seconds)
        return response


def limited(what, request=None, *, user=None) -> Limit | None:
    """Count that this person, and their network, do `what`; the Limit if they have done it too often to do it now.

    `what` is a key of settings.LIMITS. What is refused is not counted. Without a request (mail) there is no network.
    """
    rates = parse_rates(settings.LIMITS[what])
    sources = [(f"user {(user or request.user).pk}", 1)]
    if request is not None and (network := network_of(request)):
        sources.append((f"network {network}", settings.LIMITS_OF_A_NETWORK))
    most = {
        key_of(f"{what} {who} {rate.duration}"): (rate.amount * times, float(rate.duration))
        for rate in rates
        for who, times in sources
    }
    if not most:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [list(most), [seconds for _amount, seconds in most.values()]])
        ends = [ends_at for key, count, ends_at in cursor.fetchall() if count > most[key][0]]
        if not ends:
            return None
        cursor.execute(_UNCOUNT, [list(most)])
    return Limit(max(ends))


def key_of(what) -> str:
    """Under what it is counted: nobody reads addresses in the table, nor who wrote how much."""
    return salted_hmac("readinggroup.pace", what, algorithm="sha256").hexdigest()


def network_of(request) -> str:
    """Where the request comes from, past the proxies that are trusted: an IPv4 /24 or an IPv6 /64.

    "" for this machine itself: a proxy that was not declared would make everybody one network, and nobody could write.
    """
    address = ipaddress.ip_address(get_adapter(request).get_client_ip(request))
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return ""
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 64}", strict=False))
