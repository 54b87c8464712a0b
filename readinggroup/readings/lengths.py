"""How long parts of a text take to read: words, paragraph by paragraph, and minutes."""

from readinggroup.lib.kept import Kept
from texts.models import ParagraphVersion

WORDS_A_MINUTE = 200  # of an essay that one thinks about
_words = Kept(10_000_000)


def words_in(revision_id) -> dict:
    """The number of each paragraph of the revision, and how many words it has: one query the first time, none after."""

    def make():
        versions = ParagraphVersion.objects.filter(revision_id=revision_id).values_list("number", "text")
        return {number: len(text.split()) for number, text in versions.iterator(chunk_size=500)}

    return _words.get_or_make(revision_id, make, size_of=lambda words: 100 * len(words))


def minutes_for(words) -> int:
    """About how many minutes they take: to the minute at first, from ten on to the next five. Something takes one."""
    minutes = -(-words // WORDS_A_MINUTE)
    return minutes if minutes <= 10 else 5 * round(minutes / 5)
