import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { drawTimeline, readHistoryFile } from 'vfs-lockfile/journal';

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
import { readSummary, writeSummary, type LateWrite } from './summary-file.js';
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
      const journal = options.timeline === undefined ? undefined : join(workFolder, 'locks.jsonl');
      const context = { ...tools, workers: options.workers, journal, workload, workFolder, location, inbox };
      const problems = await runIn(context);
      if (journal !== undefined && options.timeline !== undefined) await draw(journal, options.timeline);
      return problems;
    } finally {
      if (!options.keep) await inbox.empty(workload.files);
    }
  } finally {
    if (!options.keep) await rm(workFolder, { recursive: true });
  }
}

/** The same picture as that of `vfs-lockfile history --timeline`. */
async function draw(journal: string, file: string): Promise<void> {
  const format = file.endsWith('.svg') ? 'svg' : 'html';
  const title = 'Workers that empty an inbox together';
  await writeFile(file, await drawTimeline(readHistoryFile(journal), { title, format }));
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
  const ended = await processInbox(context, history, ledger);

  screen.log('All workers have ended. One process now counts all original files again');
  const expected: ExpectedFile[] = [];
  for (const file of files) expected.push(await audit(file, signal));
  await inbox.clearTombstones();
  const outcome: Outcome = {
    ...ended,
    takeovers: history.takeovers,
    refusals: history.refusals,
    summary: await readSummary(location),
    finished: await ledger.finished(),
    unfinished: await ledger.unfinished(),
    inbox: await inbox.names(),
    locks: (await readdir(workFolder)).filter((name) => name.endsWith('.lock')),
  };
  screen.print(`\n${report(expected, outcome, history)}\n`);
  return findProblems(expected, outcome);
}

type Ended = Pick<Outcome, 'exits' | 'killed' | 'stopped'>;

/**
 * Runs the workers until the inbox is empty. Kills the first worker that has read enough rows of the large file. Stops the first one
 * that is about to write the summary, until this process has written it instead.
 */
async function processInbox(context: DemoContext, history: History, ledger: Ledger): Promise<Ended> {
  const { screen, signal, workload } = context;
  let killed: KilledWorker | undefined;
  let stopped: string | undefined;
  let instead: Promise<void> | undefined;
  signal.throwIfAborted();
  const workers = new Workers(context, (worker, message) => {
    history.add(worker, message);
    if (killed === undefined && isFarEnough(message, workload)) {
      killed = { worker, pid: workers.kill(worker), file: message.file, rows: message.rows };
      screen.log(`${worker} is killed, ${count(message.rows)} rows into ${message.file}`);
    }
    if (message.kind === 'taken-over') screen.log(describeTakeover(worker, message));
    if (message.kind === 'refused') screen.log(describeRefusal(worker, message.late));
    if (message.kind === 'summarising') {
      if (stopped === undefined) instead = writeInstead((stopped = worker), workers, { ...context, ledger });
      else workers.allowWrite(worker);
    }
  });
  screen.start(history, workload.files.length);
  try {
    const exits = await workers.ended;
    signal.throwIfAborted();
    await instead;
    return { exits, killed, stopped };
  } finally {
    screen.stop();
  }
}

/** Stops a worker that has the lock of the summary, writes the summary when its lease is over, and continues the worker. */
async function writeInstead(
  worker: string,
  workers: Workers,
  { location, ledger, screen }: DemoContext & { readonly ledger: Ledger },
): Promise<void> {
  workers.stop(worker);
  screen.log(`${worker} is stopped just before it writes the summary, until its lease is over`);
  try {
    await writeSummary({ location, ledger, ownerId: 'parent' });
    screen.log(`The summary is written in its place; ${worker} goes on, and writes late`);
  } finally {
    workers.allowWrite(worker);
    workers.continue(worker);
  }
}

function describeRefusal(worker: string, { token, by }: LateWrite): string {
  return `${worker} is refused: its token is ${token}, and token ${by} came later`;
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
