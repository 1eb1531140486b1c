/** As many bytes as the record of a lock has. */
export const RECORD = Buffer.alloc(400, 'x');

/** A lock that somebody gave back. */
export const TOMBSTONE = Buffer.from(
  JSON.stringify({ createdAt: '2026-11-20T00:00:00Z', ttl: 1_000_000_000, released: true }),
);

/** A lock that somebody holds for ever. */
export const HELD = Buffer.from(JSON.stringify({ createdAt: '2026-11-20T00:00:00Z', ttl: 0 }));
