// @ts-check
// Tells what importing all of the package does to a process that knows nothing of it, and what having used it leaves.
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGBREAK'];

function state() {
  return {
    events: process.eventNames().map(String),
    listeners: SIGNALS.map((signal) => process.listenerCount(signal)),
    resources: process.getActiveResourcesInfo().filter((name) => !/^(FSReq|PipeWrap|TTYWrap|CloseReq)/.test(name)),
    globals: Object.getOwnPropertyNames(globalThis),
  };
}

const before = state();
for (const subpath of ['', '/mem', '/inbox', '/admin']) await import(`vfs-lockfile${subpath}`);
const imported = state();

const file = String(process.argv[2]);
const { withLock, withLockSync } = await import('vfs-lockfile');
await withLock(file, (_file, lock) => lock.renew(), { ttl: 500 });
withLockSync(file, () => undefined);
// A turn of the event loop that the package asked for may be still to come.
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify({ before, imported, used: state() }));
