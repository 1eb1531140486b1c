type Listener = (message: unknown, name: string) => void;

class Channel {
  readonly #name: string;
  readonly listeners = new Set<Listener>();

  constructor(name: string) {
    this.#name = name;
  }

  get hasSubscribers(): boolean {
    return this.listeners.size > 0;
  }

  publish(message: unknown): void {
    for (const listener of this.listeners) listener(message, this.#name);
  }
}

const channels = new Map<string, Channel>();

export function channel(name: string): Channel {
  const known = channels.get(name) ?? new Channel(name);
  channels.set(name, known);
  return known;
}

export function subscribe(name: string, listener: Listener): void {
  channel(name).listeners.add(listener);
}

export function unsubscribe(name: string, listener: Listener): boolean {
  return channel(name).listeners.delete(listener);
}
