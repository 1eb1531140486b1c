import {
  VfsError,
  type CallOptions,
  type Capabilities,
  type ReadOptions,
  type Snapshot,
  type Version,
  type Vfs,
  type Written,
} from '../../../src/index.js';
import { WrappedVfs } from '../stores/wrapped-vfs.js';

type Verb = 'read' | 'create' | 'replace' | 'remove';

/** What becomes of one call: may make it, any time, and answers whatever it likes. */
export type Fault = (call: () => Promise<unknown>, signal: AbortSignal | undefined) => Promise<unknown>;

export interface StoreOptions {
  readonly capabilities?: Partial<Capabilities>;
  /** A snapshot as this store would report it. */
  readonly seen?: (snapshot: Snapshot) => Snapshot;
}

/** A store whose next calls go wrong as told. */
export class FaultyVfs extends WrappedVfs {
  /** The conditional calls and reads made so far. */
  readonly calls: Verb[] = [];
  readonly #options: StoreOptions;
  readonly #faults = new Map<Verb, Fault[]>();
  readonly #always = new Map<Verb, Fault>();

  constructor(inner: Vfs, options: StoreOptions = {}) {
    super(inner);
    this.#options = options;
  }

  override get capabilities(): Capabilities {
    return { ...this.inner.capabilities, ...this.#options.capabilities };
  }

  /** The next calls of a kind go like this, one after the other. */
  next(verb: Verb, ...faults: readonly Fault[]): void {
    this.#faults.set(verb, [...(this.#faults.get(verb) ?? []), ...faults]);
  }

  /** Every call of a kind behaves like this until the next order. */
  always(verb: Verb, fault: Fault | undefined): void {
    if (fault) this.#always.set(verb, fault);
    else this.#always.delete(verb);
  }

  count(verb: Verb): number {
    return this.calls.filter((made) => made === verb).length;
  }

  override async read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    const snapshot = await this.#go('read', options?.signal, () => super.read(path, options));
    return snapshot && (this.#options.seen?.(snapshot) ?? snapshot);
  }

  override create(path: string, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.#go('create', options?.signal, () => super.create(path, data));
  }

  override replace(
    path: string,
    version: Version,
    data: Uint8Array,
    options?: CallOptions,
  ): Promise<Written | undefined> {
    return this.#go('replace', options?.signal, () => super.replace(path, version, data));
  }

  override remove(path: string, version: Version, options?: CallOptions): Promise<boolean> {
    return this.#go('remove', options?.signal, () => super.remove(path, version));
  }

  #go<T>(verb: Verb, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    this.calls.push(verb);
    const fault = this.#faults.get(verb)?.shift() ?? this.#always.get(verb);
    return fault ? (fault(call, signal) as Promise<T>) : call();
  }
}

/** The request arrived and was carried out; nobody ever heard so. */
export const replyLost: Fault = async (call) => {
  await call();
  throw new VfsError('ERR_VFS_IO', 'the connection broke', { effect: 'unknown' });
};

/** The request got lost on its way; the sender cannot know. */
export const requestLost: Fault = () =>
  Promise.reject(new VfsError('ERR_VFS_IO', 'the connection broke', { effect: 'unknown' }));

/** An SDK that lost the reply sends the request again by itself, and is answered that the condition no longer holds. */
export const repeatedBySdk: Fault = async (call) => {
  const first = await call();
  return typeof first === 'boolean' ? false : undefined;
};

/** The store says no before doing anything. */
export const refused: Fault = () => Promise.reject(new VfsError('ERR_VFS_DENIED', 'permission denied'));

/** No answer, ever, until the caller gives up. */
export const hangs: Fault = (_call, signal) =>
  new Promise((_resolve, reject) => {
    const giveUp = (): void => {
      reject(new VfsError('ERR_VFS_ABORTED', 'aborted', { cause: signal?.reason, effect: 'unknown' }));
    };
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp);
  });

/** Succeeds after that many milliseconds, even if the caller has given up. */
export function slow(ms: number): Fault {
  return async (call) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return call();
  };
}

/** A call that waits at a gate before it is made. */
export function gated(): { readonly fault: Fault; readonly reached: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  let reach = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const fault: Fault = async (call) => {
    reach();
    await opened;
    return call();
  };
  return { fault, reached, open };
}
