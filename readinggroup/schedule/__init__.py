"""Reading sessions: when the group meets about which paragraphs, who comes, and what came of it."""
