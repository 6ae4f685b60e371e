import { describe, expect, test } from 'bun:test';
import { listenHttp, readAll } from '../../test/gateway-rig.ts';
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

/** Sources of the answer come in its last chunk, after the reason why it ended. */
const sources = Array.from({ length: 60 }, (_, at) => ({
  web: { uri: `https://example.com/${'x'.repeat(180)}${at}` },
}));
const ended = { finishReason: 'STOP', groundingMetadata: { groundingChunks: sources } };
const chunks = [{ candidates: [{ content: { parts: [{ text: 'hello' }] } }] }, { candidates: [ended] }];

describe.each([
  ['events', 'alt=sse', chunks.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`).join('')],
  ['an array', '', JSON.stringify(chunks, null, 2)],
])('a last chunk of Google that is longer than what is kept of a stream, in %s,', (_, query, stream) => {
  const played = async (parts: readonly string[]) => {
    await using upstream = await listenHttp((__, response) => {
      response.writeHead(200, { 'content-type': query === '' ? 'application/json' : 'text/event-stream' });
      const write = ([part, ...rest]: readonly string[]): void => {
        if (part === undefined) response.end();
        else response.write(part, () => setImmediate(write, rest));
      };
      write(parts);
    });
    await using rig = await startVendorRig('google', { upstreamUrl: upstream.url });
    const record = rig.records.next(() => true);
    const { text, broken } = await ask(rig, { query, prompt: 'hi' });
    return { text, broken, outcome: (await record).outcome };
  };

  test('ends a whole answer, wherever it is cut in two on its way', async () => {
    const at = stream.indexOf('finishReason');
    for (const cut of [at - 100, at + 3, at + 13, at + 16, stream.length - 100]) {
      expect(await played([stream.slice(0, cut), stream.slice(cut)])).toEqual({
        ...{ text: stream, broken: false, outcome: 'served' },
      });
    }
  });

  test('is cut off where its own end is missing', async () => {
    expect((await played([stream.slice(0, -10)])).outcome).toBe('cut');
  });
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
