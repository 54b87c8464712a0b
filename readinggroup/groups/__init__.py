"""Who belongs to a reading group, and who may do what in it."""
