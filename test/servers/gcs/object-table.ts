export interface StoredObject {
  readonly data: Buffer;
  readonly generation: string;
  readonly metageneration: string;
  readonly updatedMs: number;
  /** As the JSON API reports it. */
  readonly about: object;
}

/** What a request is bound to. */
export interface Condition {
  readonly generation?: string;
  readonly metageneration?: string;
}

/** The objects of a bucket. Each write gives a generation that no other has, and a metageneration of 1. */
export class ObjectTable {
  readonly objects = new Map<string, StoredObject>();
  readonly #nowMs: () => number;
  #last = Date.now() * 1000;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  refuses(name: string, { generation, metageneration }: Condition): boolean {
    const object = this.objects.get(name);
    if (generation !== undefined && generation !== (object?.generation ?? '0')) return true;
    return metageneration !== undefined && metageneration !== (object?.metageneration ?? '0');
  }

  /** Undefined: refused. */
  put(name: string, bytes: Buffer, condition: Condition, metadata: object = {}): StoredObject | undefined {
    if (this.refuses(name, condition)) return undefined;
    return this.#set(name, Buffer.from(bytes), String((this.#last += 1)), '1', metadata);
  }

  /** Changes only the metadata of an object. Undefined: refused. */
  patch(name: string, metadata: object, condition: Condition): StoredObject | undefined {
    const object = this.objects.get(name);
    if (object === undefined || this.refuses(name, condition)) return undefined;
    return this.#set(name, object.data, object.generation, String(Number(object.metageneration) + 1), metadata);
  }

  #set(name: string, data: Buffer, generation: string, metageneration: string, metadata: object): StoredObject {
    const updatedMs = this.#nowMs();
    const updated = new Date(updatedMs).toISOString();
    const about = { name, generation, metageneration, size: String(data.length), updated, metadata };
    const object = { data, generation, metageneration, updatedMs, about };
    this.objects.set(name, object);
    return object;
  }

  page(query: URLSearchParams): object {
    const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')];
    const after = query.get('pageToken') ?? '';
    const below = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && name > after);
    const flat = below.filter((name) => delimiter === null || !name.slice(prefix.length).includes(delimiter)).sort();
    const page = flat.slice(0, Number(query.get('maxResults') ?? 1000));
    const more = flat.length > page.length ? { nextPageToken: page.at(-1) } : {};
    return { items: page.map((name) => this.objects.get(name)?.about), ...more };
  }
}
