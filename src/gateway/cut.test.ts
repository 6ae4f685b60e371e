import { expect, test } from 'bun:test';
import { readAll } from '../../test/gateway-rig.ts';
import { startVendorRig, type VendorRig } from '../../test/vendor-rig.ts';
import type { GoogleFaultInput } from '../simulator/google/fault.ts';
import type { GoogleSimulator } from '../simulator/google/simulator.ts';

const cutOff =
  '{"error":{"code":503,"message":"Stint: the provider cut the answer off; ask for it again.","status":"UNAVAILABLE"}}';
const run = { functionDeclarations: [{ name: 'run_shell_command' }] };

/** Clients of Google ask again for an error, and after the result of a tool take any other end for a whole answer. */
test.each<GoogleFaultInput>([
  { kind: 'cut_mid', afterDeltas: 2 },
  { kind: 'cut_mid', afterDeltas: 2, cut: 'reset' },
  { kind: 'clean_end_mid', afterDeltas: 2 },
  { kind: 'error_event_mid', afterDeltas: 2 },
])('a stream of Google that is cut after content ends by an error (%j)', async (fault) => {
  await using rig = await startVendorRig('google');
  inject(rig, fault);
  const { text, broken } = await ask(rig, { query: 'alt=sse', prompt: '[[words:9]]' });
  expect(text.match(/word /g)).toHaveLength(2);
  expect(text).toEndWith(cutOff);
  expect(broken).toBe(false);
});

test('an array of Google that is cut breaks', async () => {
  await using rig = await startVendorRig('google');
  inject(rig, { kind: 'clean_end_mid', afterDeltas: 2 });
  expect(await ask(rig, { query: '', prompt: '[[words:9]]' })).toMatchObject({ broken: true });
});

test('a stream that has a call of a tool in it just ends: the client would call it twice', async () => {
  await using rig = await startVendorRig('google');
  inject(rig, { kind: 'cut_mid', afterDeltas: 1 });
  const { text, broken } = await ask(rig, { query: 'alt=sse', prompt: '[[steps:1]]' });
  expect(text).toContain('"functionCall"');
  expect(text).not.toContain('"error"');
  expect(broken).toBe(false);
});

function inject({ simulator }: VendorRig, fault: GoogleFaultInput): void {
  (simulator as GoogleSimulator).inject({ pauseMs: 100, ...fault });
}

async function ask(
  { url, token }: VendorRig,
  { query, prompt }: { query: string; prompt: string },
): Promise<{ text: string; broken: boolean }> {
  const response = await fetch(`${url}/v1beta/models/gemini-2.5-pro:streamGenerateContent?${query}`, {
    method: 'POST',
    headers: { 'x-goog-api-key': token },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: prompt }] }], tools: [run] }),
  });
  return readAll(response);
}
