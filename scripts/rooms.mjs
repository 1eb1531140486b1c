// @ts-check

/**
 * What each room of `src` may import from outside itself. Everything else is an error, so that imports only ever point
 * downwards: ESLint enforces it, and docs/architecture.md shows the same table.
 * Names that end in `.ts` or `.js` are files of `src` itself.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const ROOMS = {
  util: [],
  vfs: ['util'],
  'lock/model': ['vfs', 'util'],
  'lock/protocol': ['lock/model', 'vfs', 'util'],
  fencing: ['lock/protocol', 'lock/model', 'vfs', 'util', 'open.js'],
  lock: ['fencing', 'lock/protocol', 'lock/model', 'vfs', 'util', 'open.js'],
  'backends/mem': ['backends/shared', 'vfs', 'util'],
  'backends/local': ['backends/shared', 'vfs', 'util'],
  'backends/sftp': ['backends/shared', 'vfs', 'util'],
  'backends/s3': ['backends/shared', 'vfs', 'util'],
  'backends/gcs': ['backends/shared', 'vfs', 'util'],
  'backends/shared': ['vfs', 'util'],
  inbox: ['lock', 'lock/model', 'vfs', 'util', 'open.js'],
  admin: ['lock', 'lock/model', 'vfs', 'util', 'open.js'],
  journal: ['lock/model', 'vfs', 'util', 'open.js'],
  serve: ['journal', 'admin', 'lock', 'lock/model', 'vfs', 'util', 'open.js'],
  cli: ['serve', 'journal', 'admin', 'inbox', 'lock', 'lock/model', 'vfs', 'util', 'open.js'],
  testing: ['lock', 'vfs', 'util', 'open.js'],
  otel: ['lock/model', 'util'],
  conformance: ['vfs', 'util'],
  'open.ts': ['backends/mem', 'backends/local', 'backends/sftp', 'backends/s3', 'backends/gcs', 'vfs', 'util'],
};
