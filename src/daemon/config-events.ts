import type { ConfigEvent } from '../config/live-config.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { Notice } from '../core/notice.ts';
import type { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import type { Log } from '../log/log.ts';

export type ConfigWitness = {
  readonly log: Pick<Log, 'info' | 'warning' | 'bug'>;
  readonly clock: () => EpochMs;
  readonly addNotices: (notices: readonly Notice[]) => void;
  readonly audit: (entry: AuditEntry) => Promise<void>;
};

/**
 * What a change of config.toml came to: a line of the log, of what somebody edited a record in the audit trail, and of
 * what was refused a notice.
 */
export function tellConfig(witness: ConfigWitness, event: ConfigEvent): void {
  const { log } = witness;
  switch (event.kind) {
    case 'changed':
      if (event.edited.length > 0) void witness.audit(edited(event.edited));
      return log.info('settings changed', { fields: event.fields, afterRestart: event.pending });
    case 'mended':
      return log.info('settings right again', { part: event.part });
    case 'failed':
      return log.bug(event.error);
    case 'refused':
      return tellRefused(witness, event);
  }
}

/** A part of the settings that is wrong, of the file or of a file that it names. */
export function tellRefused(
  { log, clock, addNotices }: ConfigWitness,
  { part, problem }: { readonly part: string; readonly problem: Problem },
): void {
  log.warning('settings refused', { part, reason: problem.message });
  const at = clock();
  const facts = { since: at, evidence: problem.message, ...(part === '' ? {} : { part }) };
  addNotices([{ id: `config:${part}:${at}`, kind: 'config-refused', thread: `config:${part}`, at, facts }]);
}

/** Names alone: a value may be a secret. */
function edited(fields: readonly string[]): AuditEntry {
  const text = fields.join(' ');
  return {
    kind: 'config.changed',
    surface: 'daemon',
    actor: 'stint',
    subject: text.length > longestSubject ? `${text.slice(0, longestSubject)}…` : text,
    outcome: 'done',
    detail: 'config.toml was edited',
  };
}

const longestSubject = 200;
