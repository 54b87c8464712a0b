"""Things that are costly to make and never go stale under their key, kept in this process within a bound."""

from collections import OrderedDict
from threading import Lock

from django.conf import settings

_used = OrderedDict()  # (kept, key) -> size, of all that this process keeps; what was used last stands last
_all = {"size": 0}
_lock = Lock()


class Kept:
    """The things used last, by key. The bound counts characters, since what is kept here is text.

    All together stay within settings.KEPT_MB, too: a process that serves two hundred groups takes no more memory than
    one that serves three, and makes anew what was used longest ago.
    """

    def __init__(self, characters: int):
        self.most, self.size = characters, 0
        self.things = OrderedDict()

    def get_or_make(self, key, make, size_of=len):
        """What is kept under the key, or what `make()` gives. Two threads may both make it; the later one is kept."""
        with _lock:
            if key in self.things:
                self.things.move_to_end(key)
                _used.move_to_end((self, key))
                return self.things[key][0]
        thing = make()
        with _lock:
            self._put(key, thing, size_of(thing))
            while self.size > self.most and len(self.things) > 1:
                self._drop(next(iter(self.things)))
            while _all["size"] > settings.KEPT_MB * 1_000_000 and len(_used) > 1:
                kept, oldest = next(iter(_used))
                kept._drop(oldest)
        return thing

    def _put(self, key, thing, size) -> None:
        if key in self.things:
            self._drop(key)
        self.things[key] = (thing, size)
        _used[self, key] = size
        self.size += size
        _all["size"] += size

    def _drop(self, key) -> None:
        _thing, size = self.things.pop(key)
        del _used[self, key]
        self.size -= size
        _all["size"] -= size
