"""An open load: requests come when they come, whether or not the former ones were answered (Poisson).

The time of each is counted from the moment at which it was meant to be sent: what waits because the site is slow is
slow (no coordinated omission). Connections are kept, and opened as they are needed. Knows nothing of the site.
"""

import asyncio
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_CONNECTIONS = 64
PATIENCE = 30  # seconds for an answer, then it counts as none
NO_ANSWER = 0  # the status of what was not answered


class Answer(NamedTuple):
    status: int
    headers: bytes  # in lower case
    body: bytes


@dataclass
class Ask:
    """One request. `then` is called with its Answer, in which a status of 0 says that there was none."""

    kind: str
    request: bytes
    then: object = None


@dataclass
class Told:
    """What came of a load: seconds by kind, statuses by kind, and how far behind its time it was sent at worst."""

    seconds: dict = field(default_factory=lambda: defaultdict(list))
    statuses: dict = field(default_factory=lambda: defaultdict(Counter))
    late: float = 0.0
    took: float = 0.0

    def all_seconds(self):
        return [each for those in self.seconds.values() for each in those]

    def failed(self) -> Counter:
        """Statuses of 500 and more, and no answer at all."""
        every = sum(self.statuses.values(), Counter())
        return Counter({each: count for each, count in every.items() if each >= 500 or each == NO_ANSWER})


class Connections:
    """Kept ones first; more as they are needed, to a bound."""

    def __init__(self, address):
        self.address, self.idle, self.free = address, [], asyncio.Semaphore(MOST_CONNECTIONS)

    async def exchange(self, request) -> Answer:
        async with self.free:
            reader, writer = await self.connection()
            try:
                writer.write(request)
                answer = await read_answer(reader)
            except BaseException:
                writer.close()
                raise
            self.idle.append((reader, writer))
            return answer

    async def connection(self):
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(*self.address, limit=1 << 20)

    async def close(self):
        for _reader, writer in self.idle:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def read_answer(reader) -> Answer:
    """An HTTP/1.1 answer with the length that its header says."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    body = await reader.readexactly(int(length)) if length.strip() and status not in {204, 304} else b""
    return Answer(status, head, body)


async def load(address, next_ask, *, a_second, seconds, rng) -> Told:
    """Send what `next_ask()` gives, so many a second on average, for so many seconds; and wait for the answers."""
    told, connections, tasks = Told(), Connections(address), set()

    async def send(ask, meant):
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await connections.exchange(ask.request)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, ValueError):
            answer = Answer(NO_ANSWER, b"", b"")
        told.seconds[ask.kind].append(time.perf_counter() - meant)
        told.statuses[ask.kind][answer.status] += 1
        if ask.then:
            ask.then(answer)

    begun = meant = time.perf_counter()
    while (meant := meant + rng.expovariate(a_second)) < begun + seconds:
        if (rest := meant - time.perf_counter()) > 0:
            await asyncio.sleep(rest)
        told.late = max(told.late, time.perf_counter() - meant)
        task = asyncio.create_task(send(next_ask(), meant))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    told.took = time.perf_counter() - begun
    await asyncio.gather(*tasks)
    await connections.close()
    return told
