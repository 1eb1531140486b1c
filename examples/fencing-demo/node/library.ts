// All that the page uses of the package, in one bundle.
export { events, FencedError, Lockfile, LockLostError, VfsFile } from 'vfs-lockfile';
export { inspect } from 'vfs-lockfile/admin';
export { memVfs } from 'vfs-lockfile/mem';
