"""My data: an archive of everything that the site holds of a person, and the deletion of their account.

Like the first run, it may ask all apps, and nobody asks it.
"""
