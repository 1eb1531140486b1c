// The same name leads to the browser's own.
const clock = globalThis.performance;

export { clock as performance };
