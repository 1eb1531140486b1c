// @ts-check
// Tells what importing all of the package does to a process that knows nothing of it.
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
for (const subpath of ['', '/local', '/mem', '/sync']) await import(`vfs-lockfile${subpath}`);
console.log(JSON.stringify({ before, after: state() }));
