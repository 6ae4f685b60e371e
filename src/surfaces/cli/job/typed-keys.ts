/** Ctrl-], as telnet has it: no agent uses it. */
const leaveKey = 0x1d;

/** Sends what somebody types, in its order: what comes while something is under way goes with the next. */
export class TypedKeys {
  readonly #send: (what: object) => Promise<void>;
  readonly #leave: () => void;
  #waiting: Buffer[] = [];
  #size: { readonly columns: number; readonly rows: number } | null = null;
  #sending: Promise<void> | null = null;

  constructor(send: (what: object) => Promise<void>, leave: () => void) {
    this.#send = send;
    this.#leave = leave;
  }

  type(keys: Buffer): void {
    const end = keys.indexOf(leaveKey);
    if (end !== 0) this.#waiting.push(end === -1 ? keys : keys.subarray(0, end));
    this.#flush();
    if (end !== -1) void this.settled().then(this.#leave, this.#leave);
  }

  resize(columns: number, rows: number): void {
    this.#size = { columns, rows };
    this.#flush();
  }

  async settled(): Promise<void> {
    while (this.#sending !== null) await this.#sending;
  }

  #flush(): void {
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0 || this.#size !== null) {
      const keys = Buffer.concat(this.#waiting.splice(0));
      const what = { ...this.#size, ...(keys.length === 0 ? {} : { keys: keys.toString('base64') }) };
      this.#size = null;
      await this.#send(what);
    }
  }
}
