import type { HistoryEntry } from './entry.js';

/** An entry as plain JSON by the names of its line. What does not apply is left out. */
export function entryJson({ at, dropped, ...rest }: HistoryEntry): Readonly<Record<string, unknown>> {
  return { at: at.toISOString(), ...rest, ...(dropped > 0 && { dropped }) };
}
