import type { OutputLine, RunFiles } from '../supervisor/ports.ts';
import { FileLines } from './file-lines.ts';
import { readMark, Transcripts } from './transcripts.ts';

const soonestMs = 50;
const latestMs = 400;

/**
 * Lines of all channels as they are written, those of a transcript in one order with what hooks told: it is the same when
 * all is read again. A last line without its end comes when the process has ended.
 */
export async function* readOutput(
  files: RunFiles,
  ended: Promise<unknown>,
  signal: AbortSignal,
): AsyncGenerator<OutputLine> {
  const output = {
    ...{ stdout: new FileLines(files.stdout), stderr: new FileLines(files.stderr) },
    transcripts: new Transcripts(),
  };
  let over = false;
  const end = (): void => void (over = true);
  void ended.then(end, end);
  let pauseMs = soonestMs;
  try {
    for (;;) {
      const isLast = over;
      let came = false;
      for await (const line of followed(readAll(output, isLast))) {
        came = true;
        yield line;
      }
      if (isLast || signal.aborted) return;
      pauseMs = came ? soonestMs : Math.min(pauseMs * 2, latestMs);
      await Promise.race([Bun.sleep(pauseMs), ended.catch(() => undefined)]);
    }
  } finally {
    await Promise.all(Object.values(output).map((each) => each.close()));
  }
}

type Output = { readonly stdout: FileLines; readonly stderr: FileLines; readonly transcripts: Transcripts };

async function* readAll({ stdout, stderr, transcripts }: Output, isLast: boolean): AsyncGenerator<OutputLine> {
  await transcripts.measure();
  for await (const line of stdout.read(isLast)) {
    const mark = readMark(line);
    if (mark === null) yield { channel: 'stdout', by: stdout.by, line };
    else yield* transcripts.upTo(mark);
  }
  for await (const line of stderr.read(isLast)) yield { channel: 'stderr', by: stderr.by, line };
  yield* transcripts.rest(isLast);
}

/** Says of each whether another one of them is known already. */
async function* followed(lines: AsyncIterable<OutputLine>): AsyncGenerator<OutputLine> {
  let held: OutputLine | undefined;
  for await (const line of lines) {
    if (held !== undefined) yield { ...held, more: true };
    held = line;
  }
  if (held !== undefined) yield held;
}
