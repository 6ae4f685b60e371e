import { beforeAll, describe, expect, test } from 'bun:test';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentExecutable } from './agent-executable.ts';
import { states, traffic } from './claude-expected.ts';
import { greeting, untroubled } from './gemini-expected.ts';
import { pro, startGeminiRig, type GeminiRig } from './gemini-rig.ts';

beforeAll(() => agentExecutable('gemini'), 600_000);

describe('Google in trouble', () => {
  test('once is asked again, whatever its trouble is', async () => {
    await using rig = await startGeminiRig();
    const troubles = [
      [{ kind: 'ca_capacity' }, 429],
      [{ kind: 'unavailable' }, 503],
      [{ kind: 'internal' }, 500],
      [{ kind: 'bad_gateway_html' }, 502],
      [{ kind: 'cut_before_head' }, null],
      [{ kind: 'error_event_before_content' }, 200],
    ] as const;
    troubles.forEach(([fault], index) => rig.simulator.inject({ ...fault, skip: index }));
    const run = await rig.gemini('[[steps:5]] go', ...pro);
    expect(run).toMatchObject(untroubled(greeting('a', '[[steps:5]] go', { steps: 5 })));
    expect(run.toolResults).toEqual(['step 1', 'step 2', 'step 3', 'step 4', 'step 5']);
    expect(traffic(rig)).toEqual(troubles.flatMap(([_fault, status]) => [`a ${status}`, 'a 200']));
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('at one account for longer is left for the next one, and closes nothing', async () => {
    await using rig = await startGeminiRig();
    rig.simulator.inject({ kind: 'unavailable', credential: 'a', times: 'always' });
    expect(await rig.gemini('hi', ...pro)).toMatchObject(untroubled(greeting('b', 'hi')));
    expect(traffic(rig)).toEqual(['a 503', 'a 503', 'b 200']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('everywhere is told to the agent in the provider’s words, and closes nothing', async () => {
    // It would ask ten times, in four minutes.
    await using rig = await startGeminiRig({ maxAttempts: 1 });
    rig.simulator.inject({ kind: 'unavailable', times: 'always' });
    const run = await rig.gemini('hi', ...pro);
    expect(run).toMatchObject({ code: 503 % 256, status: 'error', text: '' });
    expect(run.error).toContain('The model is overloaded. Please try again later.');
    expect(traffic(rig)).toEqual(['a 503', 'a 503', 'b 503']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('that breaks streams after content costs a retry of the agent’s own, and every step stands once', async () => {
    await using rig = await startGeminiRig();
    // The first has the call of a tool in it, which is whole.
    rig.simulator.inject({ kind: 'cut_mid', afterDeltas: 1, pauseMs: 300 });
    rig.simulator.inject({ kind: 'error_event_mid', afterDeltas: 3 });
    rig.simulator.inject({ kind: 'cut_mid', afterDeltas: 3, pauseMs: 300 });
    const run = await rig.gemini('[[steps:1]] [[say:one two three four five six]]', ...pro);
    // What it has printed it cannot take back; the conversation has only what counts.
    expect(run).toMatchObject(untroubled('one two three one two three one two three four five six'));
    expect(run.toolResults).toEqual(['step 1']);
    expect(await answersIn(rig)).toEqual(['one two three four five six']);
    expect(traffic(rig)).toEqual(['a 200', 'a 200', 'a 200', 'a 200']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });
});

describe('a refused key', () => {
  test('is out of service, one of a smaller tier only for the model, and the next one serves', async () => {
    await using rig = await startGeminiRig({ accounts: ['a', 'b', 'c', 'd'] });
    rig.simulator.inject({ kind: 'invalid_key', credential: 'a', times: 'always' });
    rig.simulator.inject({ kind: 'invalid_token', credential: 'b', times: 'always' });
    rig.simulator.inject({ kind: 'key_zero', credential: 'c', times: 'always' });
    const run = await rig.gemini('[[steps:1]] go', ...pro);
    expect(run).toMatchObject(untroubled(greeting('d', '[[steps:1]] go', { steps: 1 })));
    expect(traffic(rig)).toEqual(['a 400', 'b 401', 'c 429', 'd 200', 'd 200']);
    const status = await rig.status();
    expect(states(status)).toEqual(['a needs-login', 'b needs-login', 'c partly-closed entitlement', 'd open']);
    expect(status.accounts[2]?.limits).toMatchObject([{ family: 'gemini-2.5-pro' }]);
  });

  test('of every account is told to the person with the command that mends it', async () => {
    await using rig = await startGeminiRig();
    rig.simulator.inject({ kind: 'invalid_key', times: 'always' });
    const run = await rig.gemini('hi', ...pro);
    expect(run).toMatchObject({ code: 403 % 256, status: 'error', text: '' });
    expect(run.error).toContain(
      'Stint: no account of pool google is logged in: google/a needs a new credential; google/b needs a new credential. ' +
        'Mend that with: stint account add google a --replace',
    );
    expect(traffic(rig)).toEqual(['a 400', 'b 400']);
    expect(states(await rig.status())).toEqual(['a needs-login', 'b needs-login']);
  });
});

/** What the model said, as the conversation on the disk has it. */
async function answersIn({ place }: GeminiRig): Promise<string[]> {
  const files = await Array.fromAsync(glob('.gemini/tmp/*/chats/*.jsonl', { cwd: place.env['HOME'] ?? '' }));
  const texts = await Promise.all(files.map((file) => readFile(join(place.env['HOME'] ?? '', file), 'utf8')));
  const entries = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  return entries
    .map((line) => JSON.parse(line) as { readonly type?: string; readonly content?: string })
    .flatMap(({ type, content }) => (type === 'gemini' && content !== undefined && content !== '' ? [content] : []));
}
