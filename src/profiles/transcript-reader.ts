import { open, stat } from 'node:fs/promises';
import type { Transcripts } from '../agents/profile.ts';
import { LineSplitter } from './line-splitter.ts';
import { isTranscriptOf, transcriptFiles } from './transcript-file.ts';

const everyMs = 300;
/** A new file is looked for less often: that means to list all there are. */
const searchEvery = 3;
const firstLineBytes = 64 * 1024;

export type Watched = {
  readonly transcripts: Transcripts;
  readonly profile: string;
  readonly cwd: string;
  /** The conversation, where it is known from the start. */
  readonly session: string | null;
};

/** Reads what a CLI adds to the transcript of its conversation while it runs, a line at a time. */
export class TranscriptReader {
  readonly #watched: Watched;
  readonly #known: ReadonlySet<string>;
  readonly #line: (line: string) => void;
  #session: string | null;
  #file: string | null = null;
  /** Where reading goes on in each file: one may be left and taken up again. */
  readonly #offsets = new Map<string, number>();
  #splitter = new LineSplitter();
  #timer: NodeJS.Timeout | undefined;
  #rounds = 0;
  #reading: Promise<void> = Promise.resolve();

  private constructor(watched: Watched, known: ReadonlySet<string>, line: (line: string) => void) {
    this.#watched = watched;
    this.#known = known;
    this.#line = line;
    this.#session = watched.session;
  }

  /** Looks at what is there already, of which nothing is told. Call it before the CLI starts, then `watch`. */
  static async open(watched: Watched, line: (line: string) => void): Promise<TranscriptReader> {
    const files = await transcriptFiles(watched);
    const reader = new TranscriptReader(watched, new Set(files), line);
    const { session } = watched;
    const own = session === null ? undefined : files.find((file) => isTranscriptOf(watched, session, file));
    if (own !== undefined) await reader.#begin(own);
    return reader;
  }

  get session(): string | null {
    return this.#session;
  }

  /** Whether the conversation is written down, so that it can be resumed. */
  get found(): boolean {
    return this.#file !== null;
  }

  watch(pid: number): void {
    const round = async (): Promise<void> => {
      const current = await this.#watched.transcripts.current(this.#watched.profile, pid);
      if (current !== null) this.follow(current);
      await this.drain(this.#rounds % searchEvery === 0);
      this.#rounds += 1;
      if (this.#timer !== undefined) this.#timer = setTimeout(() => void round(), everyMs);
    };
    this.#timer = setTimeout(() => void round(), everyMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Goes on with another conversation. */
  follow(session: string): void {
    if (session === this.#session) return;
    this.#session = session;
    this.#file = null;
  }

  /** Reads what has been added up to this moment. */
  drain(search = true): Promise<void> {
    this.#reading = this.#reading.then(() => this.#drain(search)).catch(() => undefined);
    return this.#reading;
  }

  async #drain(search: boolean): Promise<void> {
    if (this.#file === null && search) await this.#search();
    const file = this.#file;
    if (file === null) return;
    const offset = this.#offsets.get(file) ?? 0;
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    if (size <= offset) return;
    const buffer = Buffer.alloc(size - offset);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    this.#offsets.set(file, offset + bytesRead);
    for (const line of this.#splitter.push(buffer.subarray(0, bytesRead))) this.#line(line.toString('utf8').trimEnd());
  }

  async #search(): Promise<void> {
    const files = await transcriptFiles(this.#watched);
    const session = this.#session;
    if (session !== null) {
      const own = files.find((file) => isTranscriptOf(this.#watched, session, file));
      if (own !== undefined) await this.#begin(own);
      return;
    }
    const fresh = files.filter((file) => !this.#known.has(file));
    const begun = await Promise.all(fresh.map(async (file) => ({ file, session: await this.#begunBy(file) })));
    const [mine, other] = begun.filter((each) => each.session !== null);
    // Two that began in this folder at the same time cannot be told apart.
    if (mine === undefined || other !== undefined) return;
    this.#session = mine.session;
    await this.#begin(mine.file);
  }

  async #begunBy(file: string): Promise<string | null> {
    await using handle = await open(file, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(firstLineBytes), 0, firstLineBytes, 0);
    const first = buffer.subarray(0, bytesRead).toString('utf8').split('\n', 1)[0] ?? '';
    return this.#watched.transcripts.begunIn(first, this.#watched.cwd);
  }

  /** What a file says from before is past. */
  async #begin(file: string): Promise<void> {
    const seen = this.#offsets.get(file) ?? (this.#known.has(file) ? (await stat(file)).size : 0);
    this.#offsets.set(file, seen);
    this.#splitter = new LineSplitter();
    this.#file = file;
  }
}
