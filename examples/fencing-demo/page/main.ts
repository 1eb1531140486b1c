import { Guide } from './guide.js';
import { Machine } from './machine.js';
import { byId, listItem } from './elements.js';
import { ReportView, LockView } from './store-view.js';
import { Volume } from './volume.js';
import { Worker, type WorkerListener } from './worker.js';
import { WorkerView } from './worker-view.js';

const MOST_LINES = 100;
const MOST_WRITES = 6;

/** This page looks on from a machine of its own. */
const onlooker = new Machine('this-page', 1);
const store = onlooker.library.memVfs({ volume: new Volume() });
const startedMs = performance.now();

function addFirst(list: HTMLElement, most: number, text: string, kind = ''): void {
  list.prepend(listItem(text, kind));
  while (list.childElementCount > most) list.lastElementChild?.remove();
}

const listener: WorkerListener = {
  isFenced: () => byId('fenced', HTMLInputElement).checked,
  say: (worker, text, kind) => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    addFirst(byId('log'), MOST_LINES, `${seconds} s: worker ${worker} ${text}`, kind);
  },
  wrote: (write) => {
    const { worker, token, refusedBy, outcome } = write;
    const by = refusedBy === undefined ? '' : `; token ${refusedBy} has come since`;
    const said = {
      written: [`token ${token}, worker ${worker}: written`, `writes the report, with token ${token}`, ''],
      refused: [
        `token ${token}, worker ${worker}: refused${by}`,
        `is refused: its token ${token} is too old${by}`,
        'bad',
      ],
      overwrote: [
        `token ${token}, worker ${worker}: written over newer work`,
        `writes over newer work: nobody compared its token ${token}`,
        'bad',
      ],
    } as const;
    const [entry, line, kind] = said[outcome];
    addFirst(byId('writes'), MOST_WRITES, entry, kind);
    listener.say(worker, line, kind === '' ? undefined : kind);
    guide.wrote(write);
  },
};

const workers = ['A', 'B', 'C'].map((name) => new Worker(name, store, listener));
const guide = new Guide(workers, listener);
const views = workers.map((worker) => new WorkerView(worker, listener, draw));
const lockView = new LockView(onlooker.library, store);
const reportView = new ReportView(onlooker.library, store);

byId('workers').replaceChildren(...views.map(({ element }) => element));
byId('demo').hidden = false;

function draw(): void {
  for (const view of views) view.draw();
  guide.draw();
  void lockView.draw();
  void reportView.draw();
}

draw();
setInterval(draw, 100);
