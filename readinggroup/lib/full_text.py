"""Words that can be searched: Postgres's full text search, in the language of each text.

A vector is a stored column, kept by a trigger on its own row; the language is that of the edition, by its tag.
"""

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

# Postgres reads what stands between < and > as a tag and skips it, and a/b as the name of a file: here they are signs.
SIGNS = "<>/"


def configuration_of(tag: str) -> str:
    """By which rules a text in the language of this tag (BCP 47) is searched."""
    return CONFIGURATIONS.get(tag.partition("-")[0].lower(), SIMPLE)


def _configuration_sql(tag: str) -> str:
    """The same in SQL, of a column that holds the tag."""
    cases = " ".join(f"WHEN '{language}' THEN '{name}'" for language, name in CONFIGURATIONS.items())
    return f"CASE split_part(lower({tag}), '-', 1) {cases} ELSE '{SIMPLE}' END::regconfig"


def without_signs(text: str) -> str:
    """Words to be looked for, read by Postgres as those of the texts are."""
    return text.translate({ord(sign): " " for sign in SIGNS})


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
            NEW.search := to_tsvector({_configuration_sql("tag")}, translate({words}, '{SIGNS}', '   '));
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
