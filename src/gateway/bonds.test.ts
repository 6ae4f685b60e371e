import { describe, expect, test } from 'bun:test';
import { startVendorRig, type VendorRig } from '../../test/vendor-rig.ts';

const input = (text: string) => [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }];

function ask({ url, token }: VendorRig, path: string, body: object) {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ model: 'gpt-5.1', ...body }),
  });
}

const servedBy = (response: Response) => response.headers.get('stint-account');

describe('what exists at one account only', () => {
  test('keeps a request at the account that made it, whichever is next', async () => {
    await using rig = await startVendorRig('openai key');
    const first = await ask(rig, '/v1/responses', { input: input('one'), store: true });
    const { id } = (await first.json()) as { id: string };
    expect(servedBy(first)).toBe('openai/a');
    await rig.book.observe({
      account: rig.id('a'),
      model: null,
      sentAt: rig.book.clock(),
      signals: [closed(rig, 60_000)],
      served: false,
    });
    // Another conversation goes to the other account; this one says when its own opens, and goes nowhere else.
    expect(servedBy(await ask(rig, '/v1/responses', { input: input('other') }))).toBe('openai/b');
    const bound = await ask(rig, '/v1/responses', { input: input('two'), previous_response_id: id });
    expect(bound.status).toBe(429);
    expect(rig.simulator.requests.filter(({ credential }) => credential === 'b')).toHaveLength(1);
  });

  test('does not move when its account meets its limit in the middle', async () => {
    await using rig = await startVendorRig('openai key');
    rig.simulator.inject({ kind: 'rate_limit_tokens', credential: 'a', times: 'always' } as never);
    const response = await ask(rig, '/v1/responses', { input: input('x'), previous_response_id: 'resp_unknown' });
    expect([400, 429]).toContain(response.status);
    expect(new Set(rig.simulator.requests.map(({ credential }) => credential))).toEqual(new Set(['a']));
  });

  test('is asked of the other account where nobody knows who made it', async () => {
    await using rig = await startVendorRig('openai key');
    const made = await ask(rig, '/v1/responses', { input: input('one'), store: true });
    const { id } = (await made.json()) as { id: string };
    const read = await fetch(`${rig.url}/v1/responses/${id}`, { headers: { authorization: `Bearer ${rig.token}` } });
    expect([read.status, servedBy(read)]).toEqual([200, 'openai/a']);
  });
});

function closed({ book }: VendorRig, forMs: number) {
  const until = book.clock() + forMs;
  return { kind: 'closed', window: 'requests', family: null, overage: false, until, evidence: 'test' } as const;
}
