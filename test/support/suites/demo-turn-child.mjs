// @ts-check
/** Runs transactions on a database, one after the other: `demo-turn-child.mjs MODULE FOLDER COUNT`. It hangs inside the one after COUNT. */
const [module = '', folder = '', limit = ''] = process.argv.slice(2);
const { runTransaction } = /** @type {typeof import('../../../examples/csv-inbox/transaction.js')} */ (
  await import(module)
);

for (let count = 1; ; count += 1) {
  await runTransaction(folder, 'child', (database) => {
    // More pages than the cache holds, so that some are written before the end of the transaction.
    database.exec('PRAGMA cache_size = 5; UPDATE pages SET turn = turn + 1');
    if (count <= Number(limit)) return;
    process.send?.('inside');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
  process.send?.('committed');
}
