import { describe, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAccount, idOf } from '../../test/builders.ts';
import { buildJob } from '../../test/job-builder.ts';
import { finish, openSupervisor, print, type SupervisorRig } from '../../test/supervisor-rig.ts';
import { addAccount, clearAccount } from '../book/roster.ts';
import { asAccountId, asProviderId } from '../core/ids.ts';
import { hourMs } from '../core/time.ts';

const half =
  print({ kind: 'session', id: 'one' }) +
  print({ kind: 'text', text: 'I shall write it down.' }) +
  print({ kind: 'tool', name: 'Bash', summary: 'echo half' }) +
  print({ kind: 'error', failure: 'window', detail: 'used up', until: null });

/** With an account of another provider, whose agent is a script. */
async function withSecond(rig: SupervisorRig, script: string): Promise<void> {
  const account = buildAccount('x', { id: asAccountId('google/x'), provider: asProviderId('google') });
  await addAccount(rig.book, account);
  writeFileSync(join(rig.folder, 'second-agent'), script);
}

describe('an agent that takes a job over', () => {
  test('is given the task, what was said and done as a file, and the git state', async () => {
    await using rig = await openSupervisor(['a']);
    await withSecond(rig, `cat > "$NOTES/told"; echo "$1 $3" > "$NOTES/how"\n${finish('taken over')}`);
    const ladder = { ...buildJob().spec.ladder, agents: ['gemini'] };
    const { id } = await rig.add(`${half}while [ ! -e "$NOTES/closed" ]; do sleep 0.02; done`, {
      ...{ ladder, prompt: 'Write a poem.', title: 'a poem' },
    });
    await rig.reaches(id, 'running');
    await rig.close('a', rig.now + hourMs);
    writeFileSync(join(rig.folder, 'closed'), '');
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ attempts: 2, state: { result: 'taken over' } });
    expect(rig.supervisor.attempt(id)).toMatchObject({ agent: 'gemini', pool: 'google', number: 2 });
    expect(rig.read('how')).toStartWith('first ');

    const told = rig.read('told');
    expect(told).toStartWith('Write a poem.\n\nAn earlier attempt was interrupted.');
    expect(told).toContain('Nothing was committed.');
    const [, file = ''] = /What was said and done up to now is in the file (\S+)\.\n/.exec(told) ?? [];
    expect(file).toStartWith(join(rig.folder, 'attempts', `${id}.2`));
    expect(readFileSync(file, 'utf8')).toBe(
      '# a poem\n\n## The task\n\nWrite a poem.\n\n## Attempt 1, by claude\n\nI shall write it down.\n\n' +
        '[tool] Bash echo half\n\n[error] window: used up\n',
    );
  });

  test('leaves unknown what the first had still to tell, and its user is warned', async () => {
    await using rig = await openSupervisor(['a']);
    const usage = (more: object): string =>
      print({ kind: 'usage', usage: { turns: 1, models: null, costUsd: null, ofConversation: false, ...more } });
    const cost = usage({ models: [], costUsd: 0.02 });
    await withSecond(rig, `${cost}while [ ! -e "$NOTES/warned" ]; do sleep 0.02; done\n${finish('taken over')}`);
    const { spec } = buildJob();
    const { id } = await rig.add(
      `${usage({ turns: 30, ofConversation: true })}${half}while [ ! -e "$NOTES/closed" ]; do sleep 0.02; done`,
      { ladder: { ...spec.ladder, agents: ['gemini'] }, stop: { ...spec.stop, budget: 9 } },
    );
    await rig.reaches(id, 'running');
    await rig.close('a', rig.now + hourMs);
    writeFileSync(join(rig.folder, 'closed'), '');
    const warned = await rig.supervisor.until(id, ({ progress }) => progress.warned.length > 0);
    expect(warned.progress.warned).toMatchObject([{ by: 'price' }]);
    writeFileSync(join(rig.folder, 'warned'), '');
    const job = await rig.reaches(id, 'done');
    expect(rig.supervisor.spent(job).job).toMatchObject({ turns: 31, costUsd: null, leastUsd: 0.02 });
  });

  test('saves the work itself where it meets a stop condition, though the first agent is open again', async () => {
    await using rig = await openSupervisor(['a']);
    const usage = { turns: 3, models: null, costUsd: null, ofConversation: false };
    const works = `${print({ kind: 'session', id: 'two' })}${print({ kind: 'usage', usage })}while :; do sleep 0.05; done\n`;
    const says = `echo "$1 $2" >> "$NOTES/how"; cat >> "$NOTES/told"\n`;
    await withSecond(
      rig,
      `${says}if [ "$1" = first ]; then\nwhile [ ! -e "$NOTES/open" ]; do sleep 0.02; done\n${works}fi\n${finish('saved')}`,
    );
    const spec = buildJob().spec;
    const { id } = await rig.add(`${half}while [ ! -e "$NOTES/closed" ]; do sleep 0.02; done`, {
      ...{ ladder: { ...spec.ladder, agents: ['gemini'] }, stop: { ...spec.stop, turns: 3 } },
    });
    await rig.reaches(id, 'running');
    await rig.close('a', rig.now + hourMs);
    writeFileSync(join(rig.folder, 'closed'), '');
    await rig.supervisor.until(
      id,
      ({ state }) => state.kind === 'running' && rig.supervisor.attempt(id)?.agent === 'gemini',
    );
    await clearAccount(rig.book, idOf('a'));
    writeFileSync(join(rig.folder, 'open'), '');
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({
      stopped: { by: 'turns' },
      state: { result: expect.stringContaining('saved') as string },
    });
    expect(rig.supervisor.attempt(id)).toMatchObject({ agent: 'gemini', pool: 'google' });
    expect(rig.read('how')).toEndWith('resume two\n');
    expect(rig.read('told')).toEndWith('and then end your turn.');
  });

  test('is not asked where the job does not allow it', async () => {
    await using rig = await openSupervisor(['a']);
    await withSecond(rig, finish('taken over'));
    await rig.close('a', rig.now + hourMs);
    const { id } = await rig.add(finish());
    expect((await rig.reaches(id, 'parked')).attempts).toBe(0);
  });
});
