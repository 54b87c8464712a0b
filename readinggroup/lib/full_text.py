"""Words that can be searched: Postgres's full text search, in the language of each text.

A vector is a stored column, kept by a trigger on its own row; the language is that of the edition, by its tag.
"""

import re

import pgtrigger

# Language of a tag -> what Postgres (15 and newer) calls its stemming and stop words. Others are searched as they are.
CONFIGURATIONS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch", "en": "english",
    "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian",
    "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nb": "norwegian",
    "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
SIMPLE = "simple"

# What stands between words. Postgres would read what is between < and > as a tag, a/b as the name of a file; and which
# signs beyond ASCII part words depends on the locale of the database. The same pattern for Postgres and for Python.
SIGNS = (
    r"[<>/\u00a0-\u00a9\u00ab\u00ac\u00ae-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u055a-\u055f\u0589\u05be"
    r"\u05c0\u05c3\u05f3\u05f4\u060c\u061b\u061e\u061f\u066a-\u066d\u06d4\u0964\u0965\u0e2f\u104a\u104b\u1362-\u1368"
    r"\u17d4-\u17d6\u2000-\u200b\u200e-\u206f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb"
    r"\ufe10-\ufe1f\ufe30-\ufe6f\ufeff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff]"
)
_SIGNS = re.compile(SIGNS)


def configuration_of(tag: str) -> str:
    """By which rules a text in the language of this tag (BCP 47) is searched."""
    return CONFIGURATIONS.get(tag.partition("-")[0].lower(), SIMPLE)


def _configuration_sql(tag: str) -> str:
    """The same in SQL, of a column that holds the tag."""
    cases = " ".join(f"WHEN '{language}' THEN '{name}'" for language, name in CONFIGURATIONS.items())
    return f"CASE split_part(lower({tag}), '-', 1) {cases} ELSE '{SIMPLE}' END::regconfig"


def without_signs(text: str) -> str:
    """The text with a space for each sign: as long as before, and read by Postgres as what was stored."""
    return _SIGNS.sub(" ", text)


def keeps_search(words: str, language_from: str, *moved_by: str) -> pgtrigger.Trigger:
    """A trigger that keeps a row's `search`, a vector of its `words` (SQL).

    `language_from` is the SQL that follows `SELECT edition.language`; `moved_by` names the columns that words and
    language depend on. An UPDATE that sets `search` to anything makes it anew.
    """
    return pgtrigger.Trigger(
        name="keeps_search",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("search", *moved_by),
        declare=[("tag", "text")],
        func=f"""
            SELECT edition.language INTO tag {language_from};
            NEW.search := to_tsvector({_configuration_sql("tag")}, regexp_replace({words}, '{SIGNS}', ' ', 'g'));
            RETURN NEW;
        """,
    )


def renews_search(table: str, of_the_edition: str) -> pgtrigger.Trigger:
    """A trigger on editions: in another language, what hangs on one is searched by other rules."""
    return pgtrigger.Trigger(
        name=f"renews_search_of_{table}",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("language"),
        condition=pgtrigger.Q(new__language__df=pgtrigger.F("old__language")),
        func=f"UPDATE {table} SET search = '' WHERE {of_the_edition}; RETURN NULL;",  # noqa: S608 - as above
    )
