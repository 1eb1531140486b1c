import { SCHEMA, type HistoryEntry } from './entry.js';

/** An entry as the JSON of a line: the same names, and what does not apply is left out. */
export function entryJson({ at, dropped, ...rest }: HistoryEntry): Readonly<Record<string, unknown>> {
  return { schema: SCHEMA, at: at.toISOString(), ...rest, ...(dropped > 0 && { dropped }) };
}
