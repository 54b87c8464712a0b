"""Short random names for things that people link to. They tell nothing about order, number or content."""

import secrets

# Lower case, without the letters and digits that are mistaken for one another when read aloud or copied by hand.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
LENGTH = 10


def new_public_id() -> str:
    """A fresh id: 31^10, about 8 * 10^14 of them, so that a clash is left to the unique constraint to refuse."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
