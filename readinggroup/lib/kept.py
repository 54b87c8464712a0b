"""Things that are costly to make and never go stale under their key, kept in this process within a bound."""

from collections import OrderedDict
from threading import Lock

from django.conf import settings

_lock = Lock()


class _Room:
    """A share of settings.KEPT_MB, and what lies in it. What was used last stands last."""

    def __init__(self, share: float):
        self.share, self.size, self.used = share, 0, OrderedDict()  # (kept, key) -> size

    def is_full(self) -> bool:
        return self.size > self.share * settings.KEPT_MB * 1_000_000 and len(self.used) > 1


# Pages of a moment come and go by the thousand: they must not push out the texts from which they are made.
_LASTING, _PASSING = _Room(2 / 3), _Room(1 / 3)


class Kept:
    """The things used last, by key. The bound counts characters, since what is kept here is text.

    All together stay within settings.KEPT_MB, too: a process that serves two hundred groups takes no more memory than
    one that serves three, and makes anew what was used longest ago. What is `passing` is asked for under this key for
    some minutes only; it shares a third of the room.
    """

    def __init__(self, characters: int, *, passing=False):
        self.most, self.size = characters, 0
        self.room = _PASSING if passing else _LASTING
        self.things = OrderedDict()

    def get_or_make(self, key, make, size_of=len):
        """What is kept under the key, or what `make()` gives. Two threads may both make it; the later one is kept."""
        with _lock:
            if key in self.things:
                self.things.move_to_end(key)
                self.room.used.move_to_end((self, key))
                return self.things[key][0]
        thing = make()
        with _lock:
            self._put(key, thing, size_of(thing))
            while self.size > self.most and len(self.things) > 1:
                self._drop(next(iter(self.things)))
            while self.room.is_full():
                kept, oldest = next(iter(self.room.used))
                kept._drop(oldest)
        return thing

    def _put(self, key, thing, size) -> None:
        if key in self.things:
            self._drop(key)
        self.things[key] = (thing, size)
        self.room.used[self, key] = size
        self.size += size
        self.room.size += size

    def _drop(self, key) -> None:
        _thing, size = self.things.pop(key)
        del self.room.used[self, key]
        self.size -= size
        self.room.size -= size
