// @ts-check
// Takes a lock, prints that, and prints three seconds later that it is still alive. Arguments: the library and the file.
const [, , library = '', file = ''] = process.argv;

if (library === 'proper-lockfile') {
  const { default: lockfile } = await import('proper-lockfile');
  await lockfile.lock(file, { stale: 2000, update: 1000 });
} else {
  const { Lockfile } = await import('vfs-lockfile');
  await (await Lockfile.open(file, { ttl: 600 })).acquire();
}
console.log('ready');
setTimeout(() => console.log('alive'), 3000);
