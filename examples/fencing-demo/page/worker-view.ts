import { button, make, seconds, setText } from './elements.js';
import { LEASE_MS, type Worker, type WorkerListener } from './worker.js';

/** A worker as its card shows it: what it believes itself, which may be wrong. */
export class WorkerView {
  readonly element: HTMLElement;
  readonly #worker: Worker;
  readonly #heart = make('span', 'heart');
  readonly #step = make('p', 'step');
  readonly #lease = make('p', 'lease');
  readonly #bar = make('progress', '');
  readonly #stop: HTMLButtonElement;
  readonly #crash: HTMLButtonElement;
  #heartbeats = 0;

  /** `changed` is called whenever a button did something. */
  constructor(worker: Worker, { say }: WorkerListener, changed: () => void) {
    const { name } = worker;
    this.#worker = worker;
    this.#bar.max = LEASE_MS;
    this.#bar.ariaLabel = `lease of worker ${name}`;
    this.#stop = button('Stop', () => {
      toggleStop(worker, say);
      changed();
    });
    this.#crash = button('Crash', () => {
      if (worker.machine.state === 'has crashed') worker.restart();
      else {
        worker.machine.crash();
        say(name, 'has crashed', 'bad');
      }
      changed();
    });
    const title = make('h3', '', `Worker ${name}`, this.#heart);
    const actions = make('div', 'actions', this.#stop, this.#crash);
    this.element = make('article', '', title, this.#step, this.#lease, this.#bar, actions);
    this.element.ariaLabel = `Worker ${name}`;
  }

  draw(): void {
    const { machine, heartbeats, name } = this.#worker;
    const [text, className] = stateOf(this.#worker);
    setText(this.#step, text);
    this.element.className = className;
    this.#drawLease();
    setText(this.#heart, heartbeats === 0 ? '' : `♥ ${heartbeats} ${heartbeats === 1 ? 'renewal' : 'renewals'}`);
    if (heartbeats !== this.#heartbeats) this.#beat();
    this.#heartbeats = heartbeats;
    const isStopped = machine.state === 'is stopped';
    const hasCrashed = machine.state === 'has crashed';
    setText(this.#stop, isStopped ? 'Continue' : 'Stop');
    setText(this.#crash, hasCrashed ? 'Start again' : 'Crash');
    this.#stop.ariaLabel = `${isStopped ? 'Continue' : 'Stop'} worker ${name}`;
    this.#crash.ariaLabel = hasCrashed ? `Start worker ${name} again` : `Crash worker ${name}`;
    this.#stop.disabled = hasCrashed;
  }

  #drawLease(): void {
    const leftMs = leaseLeftMs(this.#worker);
    this.#bar.hidden = leftMs === undefined;
    this.#lease.hidden = leftMs === undefined;
    if (leftMs === undefined) return;
    this.#bar.value = leftMs;
    setText(this.#lease, leftMs === 0 ? 'its lease is over' : `its lease: ${seconds(leftMs)} left`);
  }

  /** Begins the animation again. */
  #beat(): void {
    this.#heart.classList.remove('beats');
    this.#heart.getBoundingClientRect();
    this.#heart.classList.add('beats');
  }
}

export function toggleStop({ machine, name, step }: Worker, say: WorkerListener['say']): void {
  if (machine.state === 'is stopped') {
    machine.continue();
    say(name, 'continues, and does not know that it slept');
  } else {
    machine.stop();
    say(name, step === 'works' ? 'is stopped while it has the lock' : 'is stopped');
  }
}

/** Milliseconds of the lease that a worker holds or believes to hold. Its lock is not asked: a stopped process answers nothing. */
export function leaseLeftMs({ believesItHolds, heartbeatMs }: Worker): number | undefined {
  return believesItHolds ? Math.max(0, heartbeatMs + LEASE_MS - performance.now()) : undefined;
}

function stateOf(worker: Worker): readonly [text: string, className: string] {
  const { machine, step, hasLost, wasRefused } = worker;
  const isWorking = step === 'works';
  const token = isWorking ? `token ${worker.token}` : '';
  if (machine.state === 'has crashed') {
    return [isWorking ? `Crashed with the lock, ${token}` : 'Crashed', 'crashed'];
  }
  if (machine.state === 'is stopped') {
    return [isWorking ? `Stopped. It still believes that it has the lock, ${token}` : 'Stopped', 'stopped'];
  }
  if (wasRefused) return ['Its late write was refused', 'refused'];
  if (isWorking && hasLost) return [`It came too late: ${token} is old`, 'refused'];
  if (isWorking) return [`Has the lock, ${token}, and works`, 'holds'];
  return [step === 'waits' ? 'Waits for the lock' : 'Rests', ''];
}
