"""Takes a lock of justalock in turn with others: "justalock-client.py URL ID CLIENT SECONDS". Prints when it holds it and when not."""

import asyncio
import sys
import time

from justalock_client import JustalockError, Lock

url, lock_id, client, seconds = sys.argv[1:]


async def main():
    builder = Lock.builder(lock_id).client_id(client).lifetime_seconds(int(seconds)).base_url(url)
    while True:
        try:
            async with builder.build():
                print("held", time.time(), flush=True)
                # Longer than one lifetime: it has to be refreshed meanwhile.
                await asyncio.sleep(int(seconds) * 1.5)
                print("done", time.time(), flush=True)
                return
        except JustalockError as error:
            # It gives up after 15 s of waiting, and at an answer that takes more than 2 s.
            print("again", error, flush=True)


asyncio.run(main())
