// @ts-check
// beat.mjs LOG NAME [--deaf] [--children N]: appends "NAME PID MILLISECONDS" to LOG every few milliseconds, for ever. --deaf
// ignores every signal that can be ignored; each of --children is another process of its group doing the same.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const options = /** @type {const} */ ({ deaf: { type: 'boolean' }, children: { type: 'string', default: '0' } });
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [log = '', name = ''] = positionals;

if (values.deaf) for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => {});
for (let i = 1; i <= Number(values.children); i += 1) {
  const args = [import.meta.filename, log, `${name}.${i}`, ...(values.deaf ? ['--deaf'] : [])];
  spawn(process.execPath, args, { stdio: 'ignore' });
}
const beat = () => appendFileSync(log, `${name} ${process.pid} ${Date.now()}\n`);
beat();
setInterval(beat, 3);
