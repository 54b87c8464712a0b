"""How large, long and deep a file may be. Everything that reads a foreign file takes its bounds from here."""

SOURCE_BYTES = 8 * 1024 * 1024
MARKDOWN_BYTES = 4 * 1024 * 1024  # parsing Markdown costs about ten times as much as reading plain text
BLOCKS = 20_000
BLOCK_CHARACTERS = 100_000
NOTES = 5_000
PLAIN_LINES = 300_000
LABEL_CHARACTERS = 40
HTML_ELEMENTS = 300_000

# Inline Markdown has patterns whose cost grows with the square of the paragraph. A paragraph over either bound keeps
# its characters as they stand: no emphasis, no links, no notes are looked for in it.
MARKDOWN_INLINE_CHARACTERS = 20_000
MARKDOWN_INLINE_SIGNS = 1_000  # how many of [ ] * _ ` < ! & \ one paragraph may hold
MARKDOWN_TOTAL_SIGNS = 150_000  # the same for the whole file
MARKDOWN_LINES = 150_000
MARKDOWN_MARKED_LINES = 2 * BLOCKS  # lines that may begin a block: # > * + - 1. [ …
MARKDOWN_NESTING = 40  # quotations in lists in quotations …
INLINE_NESTING = 20  # emphasis in a link in emphasis …

# A file is read in a process of its own (bounded.py), which may take this much.
CPU_SECONDS = 10
WALL_SECONDS = 20
EXTRA_MEMORY_BYTES = 440 * 1024 * 1024  # above what the interpreter has mapped before it reads: 512 MiB in all

# Archives (DOCX, EPUB, ODT). Only the parts that are read count as unpacked; pictures and fonts never are.
ARCHIVE_BYTES = 32 * 1024 * 1024  # books bring their pictures along, which are not read
ARCHIVE_MEMBERS = 10_000
UNZIPPED_BYTES = 64 * 1024 * 1024
ARCHIVE_RATIO = 100  # what unpacks to more than this many times its size, and to more than the bound above, is a bomb
XML_TAGS = 1_000_000  # opening and closing ones, in one part
