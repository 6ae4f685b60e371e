import type { InputItem } from './responses-request.ts';

/** A response that the provider keeps for its owner. */
interface StoredResponse {
  readonly owner: string;
  /** The whole conversation: what was asked, and what was answered. */
  readonly items: readonly InputItem[];
  readonly response: object;
}

export interface StoredFile {
  readonly id: string;
  readonly owner: string;
  readonly form: object;
}

const mostEntries = 1000;

/** What outlives a request; everything belongs to one account. */
export class ResponseStore {
  private readonly responses = new Map<string, StoredResponse>();
  private readonly files = new Map<string, StoredFile>();

  keep(id: string, response: StoredResponse): void {
    keepLast(this.responses, id, response);
  }

  find(id: string, owner: string): StoredResponse | undefined {
    const found = this.responses.get(id);
    return found?.owner === owner ? found : undefined;
  }

  remove(id: string): void {
    this.responses.delete(id);
  }

  keepFile(file: StoredFile): void {
    keepLast(this.files, file.id, file);
  }

  file(id: string, owner: string): StoredFile | undefined {
    const found = this.files.get(id);
    return found?.owner === owner ? found : undefined;
  }

  filesOf(owner: string): StoredFile[] {
    return [...this.files.values()].filter((file) => file.owner === owner);
  }

  removeFile(id: string): void {
    this.files.delete(id);
  }
}

function keepLast<Value>(map: Map<string, Value>, key: string, value: Value): void {
  const [oldest] = map.keys();
  if (map.size >= mostEntries && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
