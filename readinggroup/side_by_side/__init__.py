"""Two editions of one work, read beside one another: the pages, and where organizers say what belongs together."""
