"""Where in a text a talk stands, and the words of the text that it quotes there."""

import re

from texts.models import Kind

WORD = re.compile(r"\w+")
SENTENCE_END = re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…][”’»)]))\s+")
MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]<>])")
BLOCK_SIGNS = re.compile(r"^(?:(\d+)(?=[.)])|(?=[#+=-]))")

WORTH_QUOTING, LONGEST_QUOTE = 40, 280  # characters
WORDS_IN_A_RUN = 7


def places(talks, versions, *, among) -> list:
    """For each talk the version of the paragraph that it stands at.

    It is the one with the most of the talk's words; then one that no other talk has taken; then the one that stands as
    far along in this text as number `at` does `among` so many.
    """
    candidates = [version for version in versions if version.kind != Kind.HEADING] or versions
    words = {version.pk: set(WORD.findall(version.text.casefold())) for version in candidates}
    taken, found = set(), []
    for talk in talks:
        number = 1 + (talk.at - 1) / (among - 1) * (len(versions) - 1)

        def fitness(version, talk=talk, number=number):
            hits = len(words[version.pk].intersection(talk.about))
            return hits, version.pk not in taken, -abs(version.number - number)

        best = max(candidates, key=fitness)
        taken.add(best.pk)
        found.append(best)
    return found


def filled_in(words: str, text: str) -> str:
    """The comment with its quotations taken from the paragraph's text, as Markdown."""
    sentences = SENTENCE_END.split(" ".join(text.split()))
    first = next((sentence for sentence in sentences if len(sentence) >= WORTH_QUOTING), max(sentences, key=len))
    run = first.strip("“”").split()[:WORDS_IN_A_RUN]
    quotations = {"{first}": as_block(first), "{last}": as_block(sentences[-1]), "{run}": escaped(" ".join(run))}
    for slot, quotation in quotations.items():
        words = words.replace(slot, quotation)
    return words


def as_block(sentence: str) -> str:
    """The sentence, shortened and made safe to stand at the beginning of a line of Markdown."""
    if len(sentence) > LONGEST_QUOTE:
        sentence = sentence[:LONGEST_QUOTE].rsplit(" ", 1)[0].rstrip(",;:") + " …"
    return BLOCK_SIGNS.sub(r"\1\\", escaped(sentence))


def escaped(text: str) -> str:
    """The text with the signs that Markdown would read as its own written out."""
    return MARKDOWN_SIGNS.sub(r"\\\1", text)
