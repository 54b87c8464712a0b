"""Things that are costly to make and never go stale under their key, kept in this process within a bound."""

from collections import OrderedDict
from threading import Lock


class Kept:
    """The things used last, by key. The bound counts characters, since what is kept here is text."""

    def __init__(self, characters: int):
        self.most, self.size = characters, 0
        self.things, self.lock = OrderedDict(), Lock()

    def get_or_make(self, key, make, size_of=len):
        """What is kept under the key, or what `make()` gives. Two threads may both make it; the later one is kept."""
        with self.lock:
            if key in self.things:
                self.things.move_to_end(key)
                return self.things[key][0]
        thing = make()
        with self.lock:
            self.size += size_of(thing) - self.things.pop(key, (None, 0))[1]
            self.things[key] = (thing, size_of(thing))
            while self.size > self.most and len(self.things) > 1:
                _, (_, size) = self.things.popitem(last=False)
                self.size -= size
        return thing
