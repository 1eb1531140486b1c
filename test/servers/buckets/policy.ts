import type { CallOptions, MoveOptions, Vfs } from '../../../src/index.js';
import type { Exchange, Fault } from '../../support/http-proxy.js';
import { WrappedVfs } from '../../support/stores/wrapped-vfs.js';

/**
 * What a bucket's policy does that refuses changes of some objects without a condition on their version. `refused` receives what it
 * refused; `denied` is the answer of the store.
 */
export function conditionalOnly(isKept: (key: string) => boolean, refused: string[], denied: Fault) {
  return ({ method, url, headers }: Exchange): Fault | undefined => {
    const { pathname, searchParams } = new URL(url, 'http://store');
    const key = searchParams.get('name') ?? decodeURIComponent(pathname);
    const condition = headers['if-match'] ?? headers['if-none-match'] ?? searchParams.get('ifGenerationMatch');
    if (['GET', 'HEAD'].includes(method) || !isKept(key) || condition != null) return undefined;
    refused.push(`${method} ${key}`);
    return denied;
  };
}

export function isLock(key: string): boolean {
  return key.endsWith('.lock');
}

/** Every object but the scratch objects of probes. */
export function isAny(key: string): boolean {
  return !/(^|\/)\.vfs-lockfile-[^/]*$/.test(key);
}

/** A store whose lock operations go by one way, and what is never done to a lock by another, as by strangers. */
export class LocksApartVfs extends WrappedVfs {
  readonly #strangers: Vfs;

  constructor(locks: Vfs, strangers: Vfs) {
    super(locks);
    this.#strangers = strangers;
  }

  override write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.#strangers.write(path, data, options);
  }
  override delete(path: string, options?: CallOptions): Promise<boolean> {
    return this.#strangers.delete(path, options);
  }
  override move(from: string, to: string, options?: MoveOptions): Promise<void> {
    return this.#strangers.move(from, to, options);
  }
}
