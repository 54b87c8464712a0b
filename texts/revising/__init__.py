"""A corrected wording of an edition: which paragraph became which, and where passages and discussions stand now."""
