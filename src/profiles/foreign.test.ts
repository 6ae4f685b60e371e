import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProfiles, type ProfileRig } from '../../test/profile-rig.ts';

const session = '01a1fddb-51d7-7f51-b1a8-d4ed618b81eb';
const place = join('sessions', '2026', '11', '21');

/** Codex as it was seen: each turn leaves reasoning that only the account can read which made it. */
const codex = `
const folder = join(profile, '${place}');
const file = join(folder, 'rollout-2026-11-21T11-26-11-${session}.jsonl');
const note = (type, payload) => appendFileSync(file, JSON.stringify({ type, payload }) + '\\n');
const readable = () => !existsSync(file) || !readFileSync(file, 'utf8').includes('"type":"reasoning"');
mkdirSync(folder, { recursive: true });
print(readable() ? 'has nothing to read' : 'has to read what was made');
note('session_meta', { id: '${session}', cwd: process.cwd(), source: 'exec' });
note('response_item', { type: 'reasoning', encrypted_content: 'gAAAA-test', summary: [] });
note('response_item', { type: 'compaction', encrypted_content: 'gAAAA-test' });
note('response_item', { type: 'message', content: [{ text: '"type":"reasoning","encrypted_content"' }] });
if (behaviour === 'limit') {
  note('event_msg', { type: 'task_complete', error: { message: 'limit', codex_error_info: 'usage_limit_exceeded' } });
  process.exitCode = 1;
} else note('event_msg', { type: 'task_complete', error: null });
`;

describe('what only one account can read of a conversation', () => {
  test('is left out before another one takes it over, and all else stays', async () => {
    await using rig = await openProfiles('codex', ['a', 'b'], codex);
    rig.behave('a', 'limit');
    expect(await rig.run('exec', 'do it')).toMatchObject({ code: 0, stdout: 'has nothing to read\n' });
    expect(linesOf(rig).filter(({ type }) => type === 'response_item')).toMatchObject([
      { payload: { type: 'compaction' } },
      { payload: { type: 'message' } },
      ...['reasoning', 'compaction', 'message'].map((type) => ({ payload: { type } })),
    ]);
  });

  test('is left out before another one resumes it, and stays for the same one', async () => {
    await using rig = await openProfiles('codex', ['a', 'b'], codex);
    const resume = () => rig.run('exec', 'resume', session, 'go on');
    await rig.run('exec', 'do it');
    expect(await resume()).toMatchObject({ stdout: 'has to read what was made\n' });
    await rig.operations.run('account.disable', { account: 'openai/a' });
    expect(await resume()).toMatchObject({ stdout: 'has nothing to read\n' });
    expect(await resume()).toMatchObject({ stdout: 'has to read what was made\n' });
  });
});

function linesOf(rig: ProfileRig): { type: string; payload: object }[] {
  const file = join(rig.profile('b'), place, `rollout-2026-11-21T11-26-11-${session}.jsonl`);
  const lines = readFileSync(file, 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as { type: string; payload: object });
}
