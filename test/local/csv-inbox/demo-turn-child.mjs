// @ts-check
/** Takes turns at a ledger for ever: `demo-turn-child.mjs <takeTurn's module> <folder> <how many turns until it hangs inside one>`. */
const [module = '', folder = '', turns = ''] = process.argv.slice(2);
const { takeTurn } = /** @type {typeof import('../../../examples/csv-inbox/turn.js')} */ (await import(module));

for (let turn = 1; ; turn += 1) {
  await takeTurn(folder, 'child', (database) => {
    // More pages than the cache holds, so that some are written before the end of the transaction.
    database.exec('PRAGMA cache_size = 5; UPDATE pages SET turn = turn + 1');
    if (turn <= Number(turns)) return;
    process.send?.('inside');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
  process.send?.('committed');
}
