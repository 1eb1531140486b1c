import { VfsError } from '../../../vfs/errors.js';
import type { Transport } from './dial.js';
import type { RawSftp } from './raw.js';

interface SshClient {
  readonly _remoteVer?: string;
  on(event: string, listener: () => void): unknown;
}

/** The connection of a client that somebody else made: used, and never closed or kept alive. */
export function borrowedTransport(client: object): Transport {
  const { client: ssh, sftp } = client as { readonly client?: SshClient; readonly sftp?: RawSftp };
  if (!ssh || !sftp) {
    throw new VfsError('ERR_VFS_UNSUPPORTED', 'sftp: the client that was handed in is not connected');
  }
  const nothing = (): void => undefined;
  return {
    sftp,
    software: ssh._remoteVer ?? '',
    onGone: (listener) => {
      for (const event of ['close', 'end', 'error']) ssh.on(event, listener);
    },
    hold: nothing,
    end: nothing,
  };
}
