// A login whose access token has ended while the token endpoint is down: the provider's 401 says nothing that holds.
import { describe, expect, test } from 'bun:test';
import { openSocket } from '../../test/socket-client.ts';
import { startVendorRig, type VendorRig } from '../../test/vendor-rig.ts';

const turn = { model: 'gpt-5.1-codex', store: false, stream: true, input: [{ role: 'user', content: 'hi' }] };

function ask({ url, token }: VendorRig): Promise<Response> {
  return fetch(`${url}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(turn),
  });
}

function breakRenewals({ simulator }: VendorRig, times: number | 'always'): void {
  simulator.inject({ kind: 'unavailable', path: '/oauth/token', times } as never);
}

const triesOf = ({ records }: VendorRig) => records.all[0]?.tries.map(({ account, outcome }) => [account, outcome]);
const detail = 'openai/a could not be used: its login could not be renewed: HTTP 503';

describe('a login that cannot be renewed for the moment', () => {
  test('gives the client an error that it tries again, and stays in service', async () => {
    await using rig = await startVendorRig('openai plan', { accounts: ['a'] });
    breakRenewals(rig, 'always');
    const response = await ask(rig);
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([502, null]);
    const text = await response.text();
    expect(text).toContain(detail);
    expect(text).not.toContain('base URL');
    expect(triesOf(rig)).toEqual([['openai/a', 'network']]);
    expect(rig.book.account(rig.id('a')).account.standing).toBe('enabled');
  });

  test('serves again once its token endpoint does', async () => {
    await using rig = await startVendorRig('openai plan', { accounts: ['a'] });
    breakRenewals(rig, 1);
    expect((await ask(rig)).status).toBe(502);
    rig.advance(2000);
    const response = await ask(rig);
    expect(response.status).toBe(200);
    await response.text();
  });

  test('lets another account serve, without a second try on its own', async () => {
    await using rig = await startVendorRig('openai plan');
    breakRenewals(rig, 1);
    const response = await ask(rig);
    expect([response.status, response.headers.get('stint-account')]).toEqual([200, 'openai/b']);
    await response.text();
    expect(triesOf(rig)).toEqual([
      ['openai/a', 'network'],
      ['openai/b', 'served'],
    ]);
  });

  test('refuses a WebSocket in the same words', async () => {
    await using rig = await startVendorRig('openai plan', { accounts: ['a'] });
    breakRenewals(rig, 'always');
    const client = await openSocket(`${rig.url}/responses`, { authorization: `Bearer ${rig.token}` });
    expect(client).toMatchObject({ status: 502, body: expect.stringContaining(detail) });
  });
});
