import { describe, expect, test } from 'bun:test';
import { finish, openSupervisor, print } from '../../test/supervisor-rig.ts';

const waits = print({
  kind: 'limited',
  signal: { kind: 'closed', window: 'quota', family: null, overage: false, until: null, evidence: 'waits an hour' },
  waits: true,
});
const begins = print({ kind: 'session', id: 'one' });

describe('an agent that says it waits', () => {
  test('and says nothing more goes on elsewhere, in its conversation', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(
      `echo "$1 $2" >> "$NOTES/starts"\n${begins}if [ "$1" = first ]; then\n${waits}sleep 60; fi\n${finish()}`,
    );
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 2 });
    expect(rig.read('starts')).toMatch(/^first \S+\nresume one\n$/);
    expect(rig.supervisor.attempt(id)?.outcome).toEqual({ kind: 'done', result: 'ok' });
  });

  test('and goes on at once has only shown what a tool had printed', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`${begins}${waits}echo more\nsleep 0.6\n${finish()}`);
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1 });
  });
});
