"""An AsyncSSH server that shows the whole disk, with the faults of other servers if asked: PORT HOST_KEY AUTHORIZED_KEYS [FAULTS].

FAULTS are separated by commas:
rmdir-19: a missing folder is "not a directory" to RMDIR, as Apache MINA has it
no-fstat: FSTAT is not supported
vague: a missing file is just a failure
no-links: there are no hard links
"""

import asyncio
import os
import sys

import asyncssh

FAULTS = "".join(sys.argv[4:]).split(",")


def guard(method):
    def guarded(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        except OSError as error:
            if "vague" in FAULTS:
                raise asyncssh.SFTPFailure("failure") from error
            raise

    return guarded


class OddServer(asyncssh.SFTPServer):
    def rmdir(self, path):
        if "rmdir-19" in FAULTS and not os.path.lexists(self.map_path(path)):
            raise asyncssh.SFTPError(19, "not a directory")
        return guard(asyncssh.SFTPServer.rmdir)(self, path)

    def fstat(self, file_obj):
        if "no-fstat" in FAULTS:
            raise asyncssh.SFTPOpUnsupported("FSTAT is not supported")
        return super().fstat(file_obj)

    def link(self, *args):
        if "no-links" in FAULTS:
            raise asyncssh.SFTPOpUnsupported("no hard links")
        return super().link(*args)


for name in ["open", "open56", "stat", "lstat", "remove", "rename", "posix_rename", "listdir"]:
    if hasattr(asyncssh.SFTPServer, name):
        setattr(OddServer, name, guard(getattr(asyncssh.SFTPServer, name)))


async def serve(port, host_key, authorized_keys):
    await asyncssh.listen(
        "127.0.0.1",
        int(port),
        server_host_keys=[host_key],
        authorized_client_keys=authorized_keys,
        sftp_factory=OddServer if FAULTS != [""] else True,
    )
    await asyncio.Event().wait()


asyncio.run(serve(*sys.argv[1:4]))
