import { expect, test } from 'bun:test';
import type { ConfigEvent } from '../config/live-config.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { Notice } from '../core/notice.ts';
import { noticeKinds } from '../core/notice.ts';
import { Problem } from '../core/problem.ts';
import { tellConfig } from './config-events.ts';

function told(event: ConfigEvent) {
  const lines: unknown[] = [];
  const notices: Notice[] = [];
  const log = {
    info: (message: string, properties?: object) => void lines.push(['info', message, properties]),
    warning: (message: string, properties?: object) => void lines.push(['warning', message, properties]),
    bug: (error: unknown) => void lines.push(['bug', error]),
  };
  const records: AuditEntry[] = [];
  tellConfig(
    {
      ...{ log, clock: () => 1000, addNotices: (added) => void notices.push(...added) },
      audit: (entry) => Promise.resolve(void records.push(entry)),
    },
    event,
  );
  return { lines, notices, records };
}

test('a refused section is a warning and a notice that names it', () => {
  const problem = new Problem('invalid', 'config.toml line 2: log.level must be "info".');
  const { lines, notices } = told({ kind: 'refused', part: 'log', problem });
  expect(lines).toEqual([['warning', 'settings refused', { part: 'log', reason: problem.message }]]);
  expect(notices).toMatchObject([
    {
      kind: 'config-refused',
      thread: 'config:log',
      at: 1000,
      facts: { part: 'log', since: 1000, evidence: problem.message },
    },
  ]);
  expect(noticeKinds).toContain('config-refused');
});

test('a file that is no TOML is a notice about no part', () => {
  const { notices } = told({ kind: 'refused', part: '', problem: new Problem('invalid', 'line 1: broken.') });
  expect(notices[0]?.facts.part).toBeUndefined();
});

test.each<[ConfigEvent, unknown]>([
  [
    { kind: 'changed', fields: ['log.level'], pending: ['control.port'], edited: [] },
    ['info', 'settings changed', { fields: ['log.level'], afterRestart: ['control.port'] }],
  ],
  [{ kind: 'mended', part: 'log' }, ['info', 'settings right again', { part: 'log' }]],
  [{ kind: 'failed', part: 'log', error: 'a bug' }, ['bug', 'a bug']],
])('%j is a line of the log and no notice', (event, line) => {
  expect(told(event)).toEqual({ lines: [line], notices: [], records: [] });
});

test('an edit of the file is in the audit trail, by the names of its fields', () => {
  const fields = ['log.level', 'notices.webhook.url'];
  const { records } = told({ kind: 'changed', fields, pending: [], edited: fields });
  expect(records).toMatchObject([
    {
      ...{ kind: 'config.changed', surface: 'daemon', actor: 'stint', outcome: 'done' },
      subject: 'log.level notices.webhook.url',
    },
  ]);
});
