"""Atom feeds of a group: its new comments and its news, open ones and those under a member's private address."""
