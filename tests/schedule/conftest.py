"""What the tests of sessions share."""

from ..notifications.test_relay import relay  # noqa: F401 - a fixture
from .coming import clock  # noqa: F401 - a fixture
