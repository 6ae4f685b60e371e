import { describe, expect, test } from 'bun:test';
import { startVendorRig, type VendorRig } from '../../test/vendor-rig.ts';

type Item = { readonly type: string };

const say = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });

/** One turn of an agent that sends all of its conversation, reasoning included, as Codex does. */
async function turn(rig: VendorRig, input: object[], session: string): Promise<Item[]> {
  const response = await fetch(`${rig.url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${rig.token}`, 'thread-id': session },
    body: JSON.stringify({ model: 'gpt-5.1', input, store: false, include: ['reasoning.encrypted_content'] }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { output: Item[] }).output;
}

const triesOf = ({ records }: VendorRig) => records.all.at(-1)?.tries.map(({ account, outcome }) => [account, outcome]);

describe('reasoning of another account', () => {
  test('is left out on the account that refuses it, and beforehand from then on, in its session', async () => {
    await using rig = await startVendorRig('openai key');
    const first = await turn(rig, [say('one')], 'session-1');
    expect(first.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    rig.simulator.inject({ kind: 'usage_limit', credential: 'a', times: 'always' } as never);

    const second = await turn(rig, [say('one'), ...first, say('two')], 'session-1');
    expect(triesOf(rig)).toEqual([
      ['openai/a', 'window'],
      ['openai/b', 'foreign'],
      ['openai/b', 'served'],
    ]);
    await turn(rig, [say('one'), ...first, say('two'), ...second, say('three')], 'session-1');
    expect(triesOf(rig)).toEqual([['openai/b', 'served']]);

    await turn(rig, [say('one'), ...first, say('two')], 'session-2');
    expect(triesOf(rig)).toEqual([
      ['openai/b', 'foreign'],
      ['openai/b', 'served'],
    ]);
  });
});
