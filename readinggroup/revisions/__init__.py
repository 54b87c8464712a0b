"""Correcting a text that people talk about: bringing a file, looking at what would happen, publishing, undoing.

Belongs to the site itself: a revision touches the text, what is said about it, and the sessions that are about it.
"""
