"""What people are told, and the devices on which they want to be told at once."""

from .devices import PushSubscription
from .notices import Delivery, Notice

__all__ = ["Delivery", "Notice", "PushSubscription"]
