import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { blockingCalls, type Syscalls } from '../../../src/backends/local/syscalls.js';
import { isHolderEntry } from '../../../src/vfs/names.js';
import { Operation, type CallName } from './operation.js';
import type { World } from './world.js';

/** In which ways a file system differs from a plain Linux one. */
export interface System {
  /** `asked`: the caller knows better and never tries; `refused`: link(2) says so. */
  readonly hardLinks?: 'asked not to' | 'refused';
  /** As on Windows, no directory can be renamed onto another, not even onto an empty one. */
  readonly renameOntoEmpty?: 'refused';
  /**
   * A call on a name inside the guard or a holder's folder first finds the directory, and acts there some time later, wherever that directory
   * is by then: within the kernel these are two steps, too.
   */
  readonly lookUps?: 'apart';
  /** Nobody needs the guard for changes of their own, so one that a killed thief left stays until the next theft or `sweep`. */
  readonly guardMayStay?: boolean;
}

/** Where a path can begin at an open directory, wherever that has gone since. */
const DESCRIPTORS = '/proc/self/fd';

type AnyCall = (...args: readonly unknown[]) => unknown;

/** The system calls of a world, each of them handed over undone. */
export function systemCalls(world: World, system: System): Syscalls {
  if (system.lookUps === 'apart' && !existsSync(DESCRIPTORS)) throw new Error(`look-ups apart need ${DESCRIPTORS}`);
  const calls = Object.entries(blockingCalls as unknown as Readonly<Record<string, AnyCall>>).map(([key, call]) => {
    const name = key as CallName;
    const checked = refusing(world, system, name, call);
    const handOver: AnyCall = (...args) => operationOf(world, system, name, checked, args);
    return [key, handOver] as const;
  });
  return Object.fromEntries<AnyCall>(calls) as unknown as Syscalls;
}

function refusing(world: World, system: System, name: CallName, call: AnyCall): AnyCall {
  if (name === 'link' && system.hardLinks === 'refused') return () => refuse('EPERM');
  if (name === 'rename' && system.renameOntoEmpty === 'refused') {
    return (from, to) => (to === world.guard && existsSync(world.guard) ? refuse('EEXIST') : call(from, to));
  }
  if (name === 'pause') return () => undefined;
  return call;
}

function refuse(code: string): never {
  throw Object.assign(new Error(code), { code });
}

function operationOf(world: World, system: System, name: CallName, call: AnyCall, args: readonly unknown[]): Operation {
  const inside = system.lookUps === 'apart' ? args.findIndex((arg) => isInside(world, name, arg)) : -1;
  if (inside === -1) return new Operation(name, args, () => call(...args));
  const path = args[inside] as string;
  const [folder, rest] = name === 'readdir' ? [path, ''] : [dirname(path), `/${basename(path)}`];
  let fd = -1;
  const act = (): unknown =>
    call(...args.map((arg, i) => (i === inside ? `${DESCRIPTORS}/${String(fd)}${rest}` : arg)));
  return new Operation(name, args, act, {
    find: () => {
      fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    },
    whereabouts: () => whereaboutsOf(fd, world),
    forget: () => closeSync(fd),
  });
}

/** A directory found in the guard or as a holder's folder is still there, under whatever name, or was removed. */
function whereaboutsOf(directory: number, world: World): string {
  const { ino } = fstatSync(directory);
  if (statSync(world.guard, { throwIfNoEntry: false })?.ino === ino) return 'the guard';
  const isIt = (path: string): boolean => lstatSync(path).ino === ino;
  return (
    world.guardEntries().find((name) => isIt(join(world.guard, name))) ??
    readdirSync(world.folder).find((name) => isIt(join(world.folder, name))) ??
    'removed'
  );
}

function isInside(world: World, name: CallName, arg: unknown): boolean {
  if (typeof arg !== 'string') return false;
  if (name === 'readdir') return arg === world.guard;
  if (arg.startsWith(`${world.guard}/`)) return true;
  return arg.startsWith(world.staged) && isHolderEntry(basename(arg));
}
