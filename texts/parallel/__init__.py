"""Two editions of one work beside one another: which of their paragraphs belong together."""
