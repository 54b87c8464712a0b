"""What somebody has written themselves survives whichever mail program they use; what it quotes does not."""

import time

import pytest

from readinggroup.inbound import messages
from readinggroup.inbound.html import text_of_html
from readinggroup.inbound.words import own_words

from .conftest import DOMAIN, MESSAGES

SAID = {
    "gmail_en": "I think it was a song first.\n\nAnd a list only in spring.",
    "gmail_de_signature": "Beides, würde ich sagen – erst das Lied.",
    "gmail_fr": "Plutôt une chanson.",
    "apple_iphone_en": "A song, surely. 🎶",
    "apple_de": "Ein Lied, sagt der Text.",
    "apple_fr": "Une chanson, dit le texte.",
    "outlook_en": "A song. The clerk says so himself.",
    "outlook_de_1252": "Ein Lied – „niemand singt am Kai“.",
    "outlook_fr": "Une chanson, d’abord.",
    "outlook_html_only": "Two things:\n\n- the song, and\n- the\xa0list.",
    "outlook_mobile": "A song!",
    "thunderbird_inline": "It was a song, since the clerk had no paper and the quay had no light, and nobody could "
    "read.\n\nThe ferryman.",
    "thunderbird_de_below": "Ein Lied, denke ich.",
    "thunderbird_fr_below": "Une chanson, je crois.",
    "k9_android_de": "Ein Lied.",
    "samsung_fr": "Une chanson.",
    "polish": "Piosenka.",
    "markdown_kept": "I read it again.\nThanks, that helps. On reading this Ida wrote:\n\n- the sacks\n- the owners\n\n"
    "    a clerk for each\n\nThat is all of it.",
    "attachments": "A song, with a picture of it.",
    "calendar": "I shall be there, and sing.",
    "right_to_left": "זה היה שיר, לא רשימה.\n\nوكانت أغنية 🎵👩‍👩‍👧",
    "latin1_broken": "Das Fährlied – schön.",
    "unknown_charset": "Ein schönes Lied.",
    "nul_and_surrogates": "A song.Ø!",
    "unclosed_boundary": "A song that nobody ended.",
    "header_injection": "A song.",
    "footer_link": "A song.\nThat was all.",
    "no_text": "",
    "only_quoted": "",
    "broken_boundary": "",
}


def said_in(name):
    data = (MESSAGES / f"{name}.eml").read_bytes()
    data = data.replace(b"{{REPLY}}", f"reply+23456789ab-23456789ab-{'a' * 24}@{DOMAIN}".encode())
    return own_words(messages.text_of(messages.read(data)))


@pytest.mark.parametrize("name", SAID)
def test_what_was_written_and_nothing_else(name):
    assert said_in(name) == SAID[name]


WHOLE = [
    "One line.",
    "> A passage\n\nthat I quote myself.",
    "Note: it rains.\n\nSecond: it stops.",
    "On Monday he wrote:\n\na list.",
    "As she said at 10:12:\n\nnothing.",
    "Title\n--\n\nbelow it",
    "1. one\n2. two\n\n- three\n-- four",
    "Gesendet haben sie nichts. Von allem, was am Kai stand, blieb nur das Lied, und auch das nur bis zum Frühling.",
    "El día siguiente escribió:\n\nuna lista.",
]


@pytest.mark.parametrize("words", WHOLE)
def test_words_that_only_look_like_a_quotation_or_a_signature_stay(words):
    assert own_words(words) == words


INTROS = [
    "On Mon, Nov 23, 2026 at 10:12 AM Olga <\nreading-group@example.org>\nwrote:",
    "Am Mo., 23. Nov. 2026 um 10:12 Uhr schrieb Olga mit einem langen Namen (Lesekreis am Hafen) <\no@example.org>:",
    "Le lun. 23 nov. 2026 à 10:12, Olga <o@example.org> a écrit\u202f:",
    "El lun, 23 nov 2026 a las 10:12, Olga (<o@example.org>) escribió:",
    "2026年11月23日(月) 10:12 Olga <o@example.org>:",
    "Il giorno lun 23 nov 2026 alle ore 10:12 Olga <o@example.org> ha scritto:",
    "Den mån 23 nov. 2026 kl 10:12 skrev Olga <o@example.org>:",
    "-----Original Message-----",
]


@pytest.mark.parametrize("intro", INTROS)
def test_a_quotation_goes_with_its_introduction_wrapped_or_not(intro):
    assert own_words(f"Mine.\n\n{intro}\n> one\n> two\n> three\n") == "Mine."


def test_a_quotation_of_a_quotation_goes_too_and_each_answer_stays():
    text = "On 1/1/26, Olga wrote:\n> On 31/12/25, Mara wrote:\n>> A?\n> B.\n\nC.\n\n> D?\n\nE.\n"
    assert own_words(text) == "C.\n\nE."


def test_html_is_read_as_it_is_seen():
    source = (
        "<title>x</title><style>p{}</style><p>One<br>two &amp; &lt;three&gt;<pre>a\n  b</pre><div hidden-not>four"
        "<blockquote>was <blockquote>said</blockquote></blockquote></div>"
        "<div class='gmail_signature'>Mara, M.A.</div><script>alert(1)</script><ol><li>five<li>six</ol>"
    )
    seen = "One\ntwo & <three>\n\na\n  b\n\nfour\n\n> was\n>\n>> said\n>\n- five\n- six"
    assert text_of_html(source).strip() == seen


@pytest.mark.parametrize(
    "source", ["", "<", "\x00", "<div>" * 5_000 + "deep", "<?xml?>", "<a:b>x</a:b>", "&#xd800;&#0;"]
)
def test_html_that_is_none_breaks_nothing(source):
    assert isinstance(text_of_html(source), str)


HOSTILE = {
    "headers": "a: b\n" * 50_000,
    "introductions": ("Am " + "schrieb " * 40 + "\n") * 20_000,
    "one line": "Am " + " schrieb " * 100_000,
    "gaps": "> x\n\n\n" * 150_000,
    "ends": "\n" * 900_000,
    "signatures": "-- \n" * 250_000,
    "quotations": ">" * 1_000_000,
    "dates": "2026/1/1 <@>\n" * 70_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_made_to_be_slow_is_read_in_seconds(name):
    begun = time.process_time()
    own_words(HOSTILE[name])
    assert time.process_time() - begun < 10
