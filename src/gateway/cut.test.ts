import { expect, test } from 'bun:test';
import { startVendorRig } from '../../test/vendor-rig.ts';
import type { GoogleFaultInput } from '../simulator/google/fault.ts';

const cutOff =
  '{"error":{"code":503,"message":"Stint: the provider cut the answer off; ask for it again.","status":"UNAVAILABLE"}}';
const run = { functionDeclarations: [{ name: 'run_shell_command' }] };

/** Clients of Google ask again for an error, and after the result of a tool take any other end for a whole answer. */
test.each<[string, string, GoogleFaultInput, (text: string) => boolean]>([
  ['ends by an error', 'alt=sse', { kind: 'cut_mid', afterDeltas: 2 }, (text) => text.endsWith(cutOff)],
  ['ends by an error', 'alt=sse', { kind: 'cut_mid', afterDeltas: 2, cut: 'reset' }, (text) => text.endsWith(cutOff)],
  ['ends by an error', 'alt=sse', { kind: 'clean_end_mid', afterDeltas: 2 }, (text) => text.endsWith(cutOff)],
  ['ends by an error', 'alt=sse', { kind: 'error_event_mid', afterDeltas: 2 }, (text) => text.endsWith(cutOff)],
  ['stays an open array', '', { kind: 'cut_mid', afterDeltas: 2 }, (text) => !text.trimEnd().endsWith(']')],
])('a stream of Google that is cut after content %s (%s, %j)', async (...[, query, fault, ends]) => {
  await using rig = await startVendorRig('google');
  (rig.simulator as { inject(input: GoogleFaultInput): void }).inject({ pauseMs: 100, ...fault });
  const text = await ask(rig, { query, prompt: '[[words:9]]' });
  expect(text.match(/word /g)).toHaveLength(2);
  expect(text).toSatisfy(ends);
});

test('one that has a call of a tool in it just ends: the client would call it twice', async () => {
  await using rig = await startVendorRig('google');
  const fault: GoogleFaultInput = { kind: 'cut_mid', afterDeltas: 1, pauseMs: 100 };
  (rig.simulator as { inject(input: GoogleFaultInput): void }).inject(fault);
  const text = await ask(rig, { query: 'alt=sse', prompt: '[[steps:1]]' });
  expect(text).toContain('"functionCall"');
  expect(text).not.toContain('"error"');
});

async function ask(
  { url, token }: { url: string; token: string },
  { query, prompt }: { query: string; prompt: string },
): Promise<string> {
  const response = await fetch(`${url}/v1beta/models/gemini-2.5-pro:streamGenerateContent?${query}`, {
    method: 'POST',
    headers: { 'x-goog-api-key': token },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: prompt }] }], tools: [run] }),
  });
  return response.text();
}
