import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { audit, type ExpectedFile } from './audit.js';
import { findProblems, type KilledWorker, type Outcome } from './checks.js';
import { History } from './history.js';
import { InboxFolder } from './inbox-folder.js';
import { Ledger } from './ledger.js';
import type { WorkerMessage } from './messages.js';
import type { Options } from './options.js';
import { report } from './report.js';
import { quickWorkload, wholeWorkload, type Workload } from './sample-files.js';
import { count, type Screen } from './screen.js';
import { Workers, type WorkersOptions } from './workers.js';

/** Runs the whole demonstration and shows its progress. Returns one sentence for each problem. */
export async function demonstrate(
  options: Options,
  tools: Pick<DemoContext, 'program' | 'screen' | 'signal'>,
): Promise<readonly string[]> {
  const workFolder = await mkdtemp(join(tmpdir(), 'vfs-lockfile-demo-'));
  const location = options.inbox ?? join(workFolder, 'inbox');
  const workload = options.quick ? quickWorkload() : wholeWorkload();
  try {
    const inbox = await InboxFolder.open(location);
    try {
      return await runIn({ ...tools, workers: options.workers, workload, workFolder, location, inbox });
    } finally {
      if (!options.keep) await inbox.empty(workload.files);
    }
  } finally {
    if (!options.keep) await rm(workFolder, { recursive: true });
  }
}

interface DemoContext extends WorkersOptions {
  readonly inbox: InboxFolder;
  readonly workload: Workload;
  readonly screen: Screen;
}

async function runIn(context: DemoContext): Promise<readonly string[]> {
  const { workFolder, location, inbox, screen, signal } = context;
  const { files } = context.workload;
  screen.log(`Copying ${count(files.length)} CSV files into the inbox ${location}`);
  const bytes = await inbox.fill(files, signal);
  const ledger = new Ledger(workFolder, 'parent');
  await ledger.create();

  screen.log(`${count(context.workers)} workers summarise ${count(bytes)} bytes in ${workFolder}/ledger.db`);
  const history = new History();
  const { exits, killed } = await processInbox(context, history);

  screen.log('All workers have ended. One process now counts all original files again');
  const expected: ExpectedFile[] = [];
  for (const file of files) expected.push(await audit(file, signal));
  await inbox.clearTombstones();
  const outcome: Outcome = {
    exits,
    killed,
    takeovers: history.takeovers,
    finished: await ledger.finished(),
    unfinished: await ledger.unfinished(),
    inbox: await inbox.names(),
    locks: (await readdir(workFolder)).filter((name) => name.endsWith('.lock')),
  };
  screen.print(`\n${report(expected, outcome, history)}\n`);
  return findProblems(expected, outcome);
}

/** Runs the workers until the inbox is empty. Kills the first worker that has read enough rows of the large file. */
async function processInbox(context: DemoContext, history: History): Promise<Pick<Outcome, 'exits' | 'killed'>> {
  const { screen, signal, workload } = context;
  let killed: KilledWorker | undefined;
  signal.throwIfAborted();
  const workers = new Workers(context, (worker, message) => {
    history.add(worker, message);
    if (killed === undefined && isFarEnough(message, workload)) {
      killed = { worker, pid: workers.kill(worker), file: message.file, rows: message.rows };
      screen.log(`${worker} is killed, ${count(message.rows)} rows into ${message.file}`);
    }
    if (message.kind === 'taken-over') screen.log(describeTakeover(worker, message));
  });
  screen.start(history, workload.files.length);
  try {
    const exits = await workers.ended;
    signal.throwIfAborted();
    return { exits, killed };
  } finally {
    screen.stop();
  }
}

type MessageOf<Kind> = Extract<WorkerMessage, { readonly kind: Kind }>;

function isFarEnough(message: WorkerMessage, { largeFile, killAtRows }: Workload): message is MessageOf<'progress'> {
  return message.kind === 'progress' && message.file === largeFile && message.rows >= killAtRows;
}

function describeTakeover(worker: string, { file, takeover }: MessageOf<'taken-over'>): string {
  const { pid, reason, leaseLeftMs, discardedRows } = takeover;
  const why = `${reason}, ${(leaseLeftMs / 1000).toFixed(0)} s before the end of its lease`;
  return `${worker} takes ${file} over from process ${String(pid)} (${why}), and discards ${count(discardedRows)} rows`;
}
