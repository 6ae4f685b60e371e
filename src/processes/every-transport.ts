import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptId } from '../core/ids.ts';
import { transports, type Transport } from '../core/job/transport.ts';
import type { OutputLine, Processes } from '../supervisor/ports.ts';

const noteName = 'transport';

/** Processes of every transport: a launch says which, and for an attempt of before a file in its folder. */
export function everyTransport(by: Readonly<Record<Transport, Processes>>): Processes {
  const known = new Map<AttemptId, Transport>();
  const filesOf: Processes['filesOf'] = (attempt) => by.pipe.filesOf(attempt);
  const of = async (attempt: AttemptId): Promise<Processes> => {
    const noted =
      known.get(attempt) ?? (await readFile(join(filesOf(attempt).folder, noteName), 'utf8').catch(() => ''));
    const transport = transports.find((each) => each === noted) ?? 'pipe';
    return by[transport];
  };
  return {
    filesOf,
    async spawn(launch) {
      const transport = launch.transport ?? 'pipe';
      known.set(launch.attempt, transport);
      const notes = transport === 'pipe' ? launch.notes : { ...launch.notes, [noteName]: transport };
      return by[transport].spawn({ ...launch, ...(notes === undefined ? {} : { notes }) });
    },
    living: async (attempt) => (await of(attempt.id)).living(attempt),
    wasStarted: async (attempt) => (await of(attempt)).wasStarted(attempt),
    end: async (attempt, signal) => (await of(attempt.id)).end(attempt, signal),
    ended: async (attempt, signal) => (await of(attempt.id)).ended(attempt, signal),
    async *lines(attempt, ended, signal): AsyncGenerator<OutputLine> {
      yield* (await of(attempt)).lines(attempt, ended, signal);
    },
    note: (attempt, name) => by.pipe.note(attempt, name),
    terminal: async (attempt) => (await of(attempt)).terminal(attempt),
    async forget(attempt) {
      await (await of(attempt)).forget(attempt);
      known.delete(attempt);
    },
  };
}
