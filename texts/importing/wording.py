"""What short lines look like: names, dates, headings. Judged by form; the few words are from several languages."""

from __future__ import annotations

import re

SENTENCE_END = re.compile(r"[.?!…:;,。！？][\"”’»)\]]*\Z")
FULL_STOP = re.compile(r"[.?!…。！？][\"”’»)\]]*\Z")
YEAR = re.compile(r"(?:1[0-9]{3}|20[0-9]{2})\Z")
DAY = re.compile(r"\d{1,2}(?:st|nd|rd|th|er|e|º|ª)?\Z")
WORD = re.compile(r"[^\s,;()\[\]/]+")
OPENING_QUOTES = '“„«"‘'


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


MONTHS = word_set("""january february march april may june july august september october november december
    jan feb mar apr jun jul aug sept sep oct nov dec
    januar jänner februar märz mai juni juli oktober dezember
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь""")
SEASONS = word_set("spring summer autumn fall winter frühling sommer herbst printemps été automne hiver")
PARTICLES = word_set("de da di do dos das du des del della der den van von zu la le el y e i und et and")
ARTICLES = word_set("a an the on in of to my notes der die das ein eine le la les un une el los las il lo uno una")
SMALL = word_set("in im am at on the of de du le la el den der à a à г год года del")
OFFICES = word_set("author authors editor editors translator translators publisher publishers committee")
ENDINGS = frozenset(("the end", "end", "finis", "fin", "fine", "ende", "конец"))
ABBREVIATED = re.compile(r"(?:[^\W\d_]|jr|sr|esq|dr|prof|mr|mrs|ms)\.\Z", re.IGNORECASE)
BYLINE = re.compile(r"(?:by|von|par|por|di|de|av|od|автор:?|author:?)\s+(?P<name>\S.*)\Z", re.IGNORECASE | re.DOTALL)


def words(text: str) -> list[str]:
    return WORD.findall(text)


def _capital(word: str) -> bool:
    letters = [character for character in word if character.isalpha()]
    return bool(letters) and letters[0].isupper()


def looks_like_name(text: str) -> bool:
    """Two to six words, capitalised but for particles: `Rosa Luxemburg`, `H. G. Wells`, `Ludwig van Beethoven`."""
    found = words(text)
    if not 2 <= len(found) <= 6 or len(text) > 80 or any(character.isdigit() for character in text):
        return False
    if found[0].lower() in ARTICLES:
        return False
    if re.search(r"[?!:;…“”\"]", text) or (text.endswith(".") and not ABBREVIATED.search(text)):
        return False
    return _capital(found[0]) and _capital(found[-1]) and all(_capital(word) or word in PARTICLES for word in found)


def byline_name(text: str) -> str:
    """The name in `by Jane Roe`, or "" where the line is no such thing."""
    match = BYLINE.match(text)
    if not match or len(text) > 100 or "\n" in text:
        return ""
    name = match["name"].strip().rstrip(".") if not ABBREVIATED.search(match["name"]) else match["name"].strip()
    people = re.split(r"\s*(?:,|&|\band\b|\bund\b|\bet\b)\s*", name)
    fits = all(looks_like_name(one) or (len(words(one)) == 1 and _capital(one)) for one in people if one)
    return name if fits and not FULL_STOP.search(name.rstrip(".")) else ""


def is_signature(text: str) -> bool:
    """`The editor`, `J. Smith`, `— Rosa Luxemburg`, `The Editors`."""
    bare = re.sub(r"\A[—–-]+\s*", "", text).strip()
    found = words(bare)
    if not found or len(bare) > 60 or bare.lower().rstrip(".! ") in ENDINGS:
        return False
    if found[0].lower() == "the" and found[-1].lower().rstrip(".") in OFFICES and len(found) <= 4:
        return True
    if len(found) == 1:
        return bare != text and _capital(bare) and not SENTENCE_END.search(bare)
    return looks_like_name(bare.rstrip(","))


def is_dateline(text: str) -> bool:
    """`Lyon, 1927`, `March 1921.`, `London, 5 May 1848`: a year or a day, and nothing but places and months."""
    if len(text) > 60 or "\n" in text or re.search(r"[?!:;…“”\"]", text):
        return False
    bare = [word.rstrip(".") for word in words(text)]
    bare = [word for word in bare if word not in ("", "–", "—", "-")]
    if not 1 <= len(bare) <= 7:
        return False
    dated = any(YEAR.match(word) for word in bare)
    month = any(word.lower() in MONTHS or word.lower() in SEASONS for word in bare)
    if not dated and not (month and any(DAY.match(word) for word in bare)):
        return False
    return all(_dateline_word(word) for word in bare)


def _dateline_word(word: str) -> bool:
    lower = word.lower()
    return bool(YEAR.match(word) or DAY.match(word)) or lower in MONTHS | SEASONS | SMALL or _capital(word)


def is_capitals(text: str) -> bool:
    """Four letters or more, every one a capital."""
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= 4 and text.upper() == text and text.lower() != text


def looks_like_speech(texts: list[str], *, after_colon: bool, dash: str) -> bool:
    """Whether lines that begin with a dash are what people say, not items of a list.

    Items of a list end in a semicolon, a comma or nothing; speech ends like a sentence, and often asks or exclaims.
    """
    if dash == "—":
        return True
    sentences = sum(bool(FULL_STOP.search(text)) for text in texts)
    if sentences * 2 < len(texts):
        return False
    lively = any(re.search(r"[?!][\"”’»]?(?:\Z|\s)", text) for text in texts)
    return lively or (not after_colon and dash == "–")
