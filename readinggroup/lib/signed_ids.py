"""Addresses that are keys: signed, not stored, so that whoever reads the database cannot follow them."""

from django.core.signing import BadSignature


class SignedId:
    """A row whose public id, signed by its model's SIGNER, is all that an address holds."""

    @property
    def token(self) -> str:
        """What the address holds."""
        return self.SIGNER.sign(self.public_id)

    @classmethod
    def public_id_in(cls, token: str) -> str | None:
        """Which row's address this is; None if we have not signed it."""
        try:
            return cls.SIGNER.unsign(token)
        except BadSignature:
            return None
