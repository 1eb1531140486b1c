"""Obeys lines such as "acquire KEY SECONDS" and "release", and answers each with "ok" or the name of an error."""

import sys

from google.auth.credentials import AnonymousCredentials

from gcslock import GcsLock

bucket, owner = sys.argv[1:]
client = GcsLock(lock_owner=owner, credentials=AnonymousCredentials())
state = None
for line in sys.stdin:
    verb, *arguments = line.split()
    try:
        if verb == "acquire":
            key, seconds = arguments
            state = client.acquire(bucket, key, int(seconds))
        else:
            client.release(state)
        print("ok", flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
