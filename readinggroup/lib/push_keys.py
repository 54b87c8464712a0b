"""Keys of Web Push, as they are written: bytes as base64url without padding."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes, written with padding or without. ValueError where it is something else."""
    text = text.rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def new_private_key() -> str:
    """A key for a site that has none, in the form in which VAPID_PRIVATE_KEY is kept (RFC 8292)."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return encoded(number.to_bytes(32, "big"))


def is_public_key(content: bytes) -> bool:
    """Whether this is a point of the curve P-256, uncompressed, as browsers give it."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), content)
    except ValueError:
        return False
    return len(content) == 65
