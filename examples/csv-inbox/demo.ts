import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { audit, type ExpectedFile } from './audit.js';
import { Crew, type Workplace } from './crew.js';
import type { Folder } from './folder.js';
import { History } from './history.js';
import { clearTombstones, empty, fill, openInbox } from './inbox.js';
import { Ledger } from './ledger.js';
import type { News } from './news.js';
import type { Options } from './options.js';
import { LARGE_FILE, originals } from './originals.js';
import { KILL_AT_ROWS } from './plan.js';
import { report } from './report.js';
import { count, type Screen } from './screen.js';
import { problemsOf, type Kill, type Outcome } from './verdict.js';

/** Runs the whole demonstration and shows it. Returns what went wrong, a sentence each. */
export async function demonstrate(
  options: Options,
  tools: Pick<Scene, 'program' | 'screen' | 'signal'>,
): Promise<readonly string[]> {
  const home = await mkdtemp(join(tmpdir(), 'vfs-lockfile-demo-'));
  const location = options.inbox ?? join(home, 'inbox');
  try {
    const inbox = await openInbox(location);
    try {
      return await runIn({ ...tools, workers: options.workers, home, location, inbox });
    } finally {
      if (!options.keep) await empty(inbox, originals());
    }
  } finally {
    if (!options.keep) await rm(home, { recursive: true });
  }
}

interface Scene extends Workplace {
  readonly inbox: Folder;
  readonly screen: Screen;
}

async function runIn(scene: Scene): Promise<readonly string[]> {
  const { home, location, inbox, screen, signal } = scene;
  const files = originals();
  screen.say(`Putting ${count(files.length)} CSV files into the inbox ${location}`);
  const bytes = await fill(inbox, files, signal);
  const ledger = new Ledger(home, 'parent');
  await ledger.create();

  screen.say(`${count(scene.workers)} workers summarise ${count(bytes)} bytes in ${home}/ledger.db`);
  const history = new History();
  const run = await processInbox(scene, history, files.length);

  screen.say('All workers have ended; one process counts all the originals again');
  const expected: ExpectedFile[] = [];
  for (const file of files) expected.push(await audit(file, signal));
  const outcome: Outcome = {
    ...run,
    takeovers: history.takeovers,
    finished: await ledger.finished(),
    unfinished: await ledger.unfinished(),
    inbox: await clearTombstones(inbox).then(() => inbox.names()),
    locks: (await readdir(home)).filter((name) => name.endsWith('.lock')),
  };
  screen.print(`\n${report(expected, outcome, history)}\n`);
  return problemsOf(expected, outcome);
}

/** Lets the workers empty the inbox, and kills the first one that is far enough into the large file. */
async function processInbox(scene: Scene, history: History, files: number): Promise<Pick<Outcome, 'ends' | 'kill'>> {
  const { screen, signal } = scene;
  let kill: Kill | undefined;
  signal.throwIfAborted();
  const crew = new Crew(scene, (worker, news) => {
    history.add(worker, news);
    if (kill === undefined && isFarEnough(news)) {
      kill = { worker, pid: crew.kill(worker), file: news.file, rows: news.rows };
      screen.say(`${worker} is killed, ${count(news.rows)} rows into ${news.file}`);
    }
    if (news.kind === 'taken-over') screen.say(describeTakeover(worker, news));
  });
  screen.start(history, files);
  try {
    const ends = await crew.ended;
    signal.throwIfAborted();
    return { ends, kill };
  } finally {
    screen.stop();
  }
}

type Progress = Extract<News, { readonly kind: 'progress' }>;

function isFarEnough(news: News): news is Progress {
  return news.kind === 'progress' && news.file === LARGE_FILE && news.rows >= KILL_AT_ROWS;
}

function describeTakeover(worker: string, { file, takeover }: Extract<News, { readonly kind: 'taken-over' }>): string {
  const { pid, reason, leaseLeftMs, discardedRows } = takeover;
  const why = `${reason}, ${(leaseLeftMs / 1000).toFixed(0)} s before the end of its lease`;
  return `${worker} takes ${file} over from process ${String(pid)} (${why}), and discards ${count(discardedRows)} rows`;
}
