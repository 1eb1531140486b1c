const { TextDecoder } = globalThis;

export { TextDecoder };

export function debuglog(): { readonly enabled: false } {
  return { enabled: false };
}

export function inspect(value: unknown): string {
  return String(value);
}

/** Nobody calls the function that this returns: the page has no disk. */
export function promisify(fn: unknown): unknown {
  return fn;
}
