import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { VfsError } from '../../../vfs/errors.js';
import { knownKeys, knownName, type KnownKey } from './known-hosts.js';

/** How a server is recognised. */
export interface HostKeyOptions {
  /**
   * The fingerprints that the server's key may have, as `ssh-keygen -l` prints them: `SHA256:...`. When given, no `known_hosts` file is
   * read.
   * @default undefined: the key is looked up in `knownHosts`
   */
  readonly hostKey?: string | readonly string[] | undefined;
  /**
   * OpenSSH `known_hosts` files.
   * @default ['~/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts']
   */
  readonly knownHosts?: string | readonly string[] | undefined;
  /**
   * True: the key of a server that no file knows is accepted and appended to the first file. A changed key is always refused.
   * @default false
   */
  readonly trustOnFirstUse?: boolean | undefined;
}

/** RSA keys sign with more than one algorithm. */
const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
};

/** The check of one server's host key. */
export class HostKeyCheck {
  readonly #host: string;
  readonly #port: number;
  readonly #pins: readonly string[];
  readonly #files: readonly string[];
  readonly #trustOnFirstUse: boolean;
  #refusal: VfsError | undefined;

  constructor(host: string, port: number, options: HostKeyOptions) {
    this.#host = host;
    this.#port = port;
    this.#pins = [options.hostKey ?? []].flat();
    this.#files = [options.knownHosts ?? [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts']].flat();
    this.#trustOnFirstUse = options.trustOnFirstUse ?? false;
  }

  /** Why the last key was refused. */
  get refusal(): VfsError | undefined {
    return this.#refusal;
  }

  /** The algorithms to ask for first: those of the known keys, so that the server presents one of them. */
  get preferred(): readonly string[] {
    const types = new Set(this.#known().map(({ type }) => type));
    return [...types].flatMap((type) => SIGNATURES[type] ?? [type]);
  }

  /** Whether this is the server's key, as it came over the wire. */
  accepts(blob: Buffer): boolean {
    this.#refusal = this.#check(blob);
    return this.#refusal === undefined;
  }

  #check(blob: Buffer): VfsError | undefined {
    const shown = fingerprint(blob);
    if (this.#pins.length > 0) {
      return this.#pins.includes(shown) ? undefined : this.#refuse(shown, `expected ${this.#pins.join(' or ')}`);
    }
    const known = this.#known();
    const key = blob.toString('base64');
    const type = typeOf(blob);
    if (known.some((entry) => entry.revoked && entry.key === key)) return this.#refuse(shown, 'it was revoked');
    const valid = known.filter((entry) => !entry.revoked);
    if (valid.some((entry) => entry.key === key)) return undefined;
    if (valid.some((entry) => entry.type === type)) {
      return this.#refuse(
        shown,
        `${this.#files.join(', ')} has another one: the key was changed, or somebody intercepts the connection`,
      );
    }
    if (this.#trustOnFirstUse && valid.length === 0) return this.#remember(`${type} ${key}`, shown);
    return this.#refuse(shown, this.#howToAdd());
  }

  #howToAdd(): string {
    const files = this.#files.join(', ') || 'no file';
    const scan = ['ssh-keyscan', ...(this.#port === 22 ? [] : ['-p', String(this.#port)]), this.#host].join(' ');
    const add = `compare it with the server's, then add the output of \`${scan}\` there`;
    return `${files} does not know it; ${add}, or pin it with hostKey`;
  }

  #remember(key: string, shown: string): VfsError | undefined {
    const [file] = this.#files;
    if (file === undefined) return undefined;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      appendFileSync(file, `${knownName(this.#host, this.#port)} ${key}\n`, { mode: 0o600 });
      return undefined;
    } catch (cause) {
      return this.#refuse(shown, `it cannot be added to ${file}`, cause);
    }
  }

  #known(): readonly KnownKey[] {
    return this.#files.flatMap((file) => knownKeys(contentOf(file), this.#host, this.#port));
  }

  #refuse(shown: string, why: string, cause?: unknown): VfsError {
    const name = knownName(this.#host, this.#port);
    return new VfsError('ERR_VFS_HOST_KEY', `the host key ${shown} of ${name} is refused: ${why}`, { cause });
  }
}

/** The fingerprint of a key, as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function typeOf(blob: Buffer): string {
  return blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new VfsError('ERR_VFS_HOST_KEY', `cannot read the known host keys in ${file}`, { cause });
  }
}
