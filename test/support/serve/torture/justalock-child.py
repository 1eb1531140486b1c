"""A program with the PyPI client: "justalock-child.py JOURNAL SECONDS ID FILE URL...". It notes each stay until it is ended."""

import asyncio
import json
import os
import random
import sys
import time

from justalock_client import JustalockError, Lock

journal, seconds, lock_id, file, *urls = sys.argv[1:]
who = f"justalock-{os.getpid()}"


async def stay(round):
    builder = Lock.builder(lock_id).client_id(f"{who}-{round}").lifetime_seconds(int(seconds))
    async with builder.base_url(random.choice(urls)).build():
        from_ms = time.monotonic() * 1000
        await asyncio.sleep(random.random() * 0.005)
        # Its request took at most the two seconds after which it would have given up.
        until_ms = min(time.monotonic() * 1000, from_ms + (int(seconds) - 2) * 1000)
        with open(journal, "a") as lines:
            lines.write(json.dumps({"who": who, "file": file, "fromMs": from_ms, "untilMs": until_ms}) + "\n")


async def main():
    round = 0
    while True:
        round += 1
        try:
            await stay(round)
        except JustalockError:
            # An instance was killed, or the lock was held for long.
            await asyncio.sleep(0.1)


asyncio.run(main())
