"""Short random names for things that people link to. They tell nothing about order, number or content."""

import secrets
from hashlib import sha256

# Lower case, without the letters and digits that are mistaken for one another when read aloud or copied by hand.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
LENGTH = 10


def new_public_id() -> str:
    """A fresh id: 31^10, about 8 * 10^14 of them, so that a clash is left to the unique constraint to refuse."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def public_id_from(what: str, key: str, user) -> str:
    """The id of what this person makes with the form that bears this key, so that one sent twice makes one."""
    number = int.from_bytes(sha256(f"{what}/{user.pk}/{key}".encode()).digest())
    return "".join(ALPHABET[number // len(ALPHABET) ** place % len(ALPHABET)] for place in range(LENGTH))
