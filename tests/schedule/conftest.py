"""What the tests of sessions share."""

from .coming import clock  # noqa: F401 - a fixture
