"""Backups: the database and the keys of this place as one archive, checked, encrypted where asked; and the way back."""
