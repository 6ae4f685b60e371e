import { parse } from 'smol-toml';

/** Where the pair of a key and its value stands in a text, as offsets. */
export type Pair = {
  /** From the root of the file, tables included. */
  readonly path: readonly string[];
  /** The keys of the table that it stands in; the rest of `path` is written out. */
  readonly table: readonly string[];
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The innermost `{ ... }` that it stands in. */
  readonly inline: Inline | null;
};

export type Inline = { readonly path: readonly string[]; readonly start: number; readonly end: number };

export type Header = {
  readonly path: readonly string[];
  readonly start: number;
  readonly end: number;
  /** Whether it is one of a list: `[[x]]`. */
  readonly isItem: boolean;
};

export type Scan = {
  readonly pairs: readonly Pair[];
  readonly headers: readonly Header[];
  readonly inlines: readonly Inline[];
};

/**
 * Finds the places of keys and values in a TOML text. Trusts that it parses, and so needs only as much grammar as tells
 * where a value ends.
 */
export function scanToml(text: string): Scan {
  const scanner = new Scanner(text);
  scanner.scan();
  return scanner;
}

class Scanner implements Scan {
  readonly pairs: Pair[] = [];
  readonly headers: Header[] = [];
  readonly inlines: Inline[] = [];
  readonly #text: string;
  #at: number;

  constructor(text: string) {
    this.#text = text;
    this.#at = text.startsWith('\uFEFF') ? 1 : 0;
  }

  scan(): void {
    let table: readonly string[] = [];
    let hidden = false;
    for (this.#skip(); this.#at < this.#text.length; this.#skip()) {
      if (this.#text[this.#at] === '[') {
        const header = this.#header();
        // What stands in an item of a list has no path of its own.
        hidden = header.isItem || this.headers.some((each) => each.isItem && startsWith(header.path, each.path));
        this.headers.push(header);
        table = header.path;
      } else {
        this.#pair({ table, inline: null, base: table, hidden });
      }
    }
  }

  #header(): Header {
    const start = this.#at;
    const isItem = this.#text.startsWith('[[', start);
    this.#at += isItem ? 2 : 1;
    const path = this.#key();
    this.#at += isItem ? 2 : 1;
    return { path, start, end: this.#at, isItem };
  }

  #pair({ table, inline, base, hidden }: Place): void {
    const start = this.#at;
    const path = [...base, ...this.#key()];
    // The sign between the two.
    this.#at += 1;
    this.#blank();
    const valueStart = this.#at;
    this.#value({ path, table, hidden });
    if (!hidden) this.pairs.push({ path, table, start, valueStart, valueEnd: this.#at, inline });
  }

  /** Reads a key with its dots, and stands on what follows it. */
  #key(): string[] {
    const keys: string[] = [];
    for (;;) {
      this.#blank();
      const start = this.#at;
      const quote = this.#text[start];
      if (quote === '"' || quote === "'") this.#string();
      else while (/[A-Za-z0-9_-]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
      const [key] = Object.keys(parse(`${this.#text.slice(start, this.#at)} = 0`));
      keys.push(key ?? '');
      this.#blank();
      if (this.#text[this.#at] !== '.') return keys;
      this.#at += 1;
    }
  }

  #value({ path, table, hidden }: { path: readonly string[]; table: readonly string[]; hidden: boolean }): void {
    const first = this.#text[this.#at];
    if (first === '"' || first === "'") return this.#string();
    if (first === '[') return this.#list(() => this.#value({ path, table, hidden: true }));
    if (first === '{') {
      const start = this.#at;
      const inline: Inline = { path, start, end: this.#endOfInline() };
      if (!hidden) this.inlines.push(inline);
      this.#at = start;
      return this.#list(() => this.#pair({ table, inline, base: path, hidden }));
    }
    while (this.#at < this.#text.length && !/[,\]}#\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    while (/[ \t]/.test(this.#text[this.#at - 1] ?? '')) this.#at -= 1;
  }

  #endOfInline(): number {
    this.#list(() => this.#pair({ table: [], inline: null, base: [], hidden: true }));
    return this.#at;
  }

  /** Reads from an opening bracket to behind its closing one. */
  #list(item: () => void): void {
    this.#at += 1;
    for (this.#skip(); !/[\]}]/.test(this.#text[this.#at] ?? ']'); this.#skip()) {
      if (this.#text[this.#at] === ',') this.#at += 1;
      else item();
    }
    this.#at += 1;
  }

  #string(): void {
    const quote = this.#text[this.#at] ?? '';
    const isLong = this.#text.startsWith(quote.repeat(3), this.#at);
    const close = isLong ? quote.repeat(3) : quote;
    this.#at += close.length;
    while (this.#at < this.#text.length && !this.#text.startsWith(close, this.#at)) {
      this.#at += quote === '"' && this.#text[this.#at] === '\\' ? 2 : 1;
    }
    this.#at += close.length;
    // Up to two quotes of the string itself may stand before those that close it.
    for (let more = 0; isLong && more < 2 && this.#text[this.#at] === quote; more += 1) this.#at += 1;
  }

  #blank(): void {
    while (/[ \t]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  /** Passes blanks, line ends and comments. */
  #skip(): void {
    for (;;) {
      while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
      if (this.#text[this.#at] !== '#') return;
      while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#at += 1;
    }
  }
}

type Place = {
  readonly table: readonly string[];
  readonly inline: Inline | null;
  readonly base: readonly string[];
  readonly hidden: boolean;
};

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((key, index) => path[index] === key);
}
