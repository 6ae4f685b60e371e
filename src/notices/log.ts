import type { Notice } from '../core/notice.ts';
import { describeNotice, plainFacts } from '../core/notice-text.ts';
import type { EpochMs } from '../core/time.ts';
import type { Channel } from './ports.ts';

type LogDeps = {
  readonly write: (message: string, properties: object) => void;
  readonly clock: () => EpochMs;
  readonly timeZone: string;
};

/** Tells a notice as a line of the log. */
export function logChannel({ write, clock, timeZone }: LogDeps): Channel {
  return {
    name: 'log',
    tell: async (notice: Notice) => {
      const { title, lines } = describeNotice(notice, clock(), timeZone);
      const { id, kind, at, facts } = notice;
      write('notice', { kind, title, lines, id, at, facts: plainFacts(facts) });
      return null;
    },
  };
}
