import { beforeAll, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { startGoogleSimulator } from '../src/simulator/google/simulator.ts';
import { agentPackages } from '../src/demo/agent-package.ts';
import { agentExecutable } from './agent-executable.ts';
import { states, traffic } from './claude-expected.ts';
import { greeting, places, untroubled } from './gemini-expected.ts';
import { readGeminiRun } from './gemini-run.ts';
import { pro, startGeminiRig, type GeminiRig } from './gemini-rig.ts';

beforeAll(() => agentExecutable('gemini'), 600_000);

test('a kill -9 of the daemon in the middle of a turn costs it nothing, and limits survive it', async () => {
  await using rig = await startGeminiRig({ scenario: { deltaDelayMs: 200 } });
  rig.simulator.inject({ kind: 'key_rpd', credential: 'a', times: 'always' });
  const thirdRequest = nthRequest(rig, 3);
  const agent = rig.begin('[[steps:2]] [[say:all done]]', ...pro);
  await thirdRequest;
  await rig.killDaemon();
  const run = readGeminiRun(await agent.ended);
  expect(run).toMatchObject({ code: 0, status: 'success', text: 'all done' });
  expect(run.toolResults).toEqual(['step 1', 'step 2']);
  expect(traffic(rig).filter((each) => each.startsWith('a'))).toEqual(['a 429']);
  expect(states(await rig.status())).toEqual(['a partly-closed day', 'b open']);
  expect(await places(rig)).toContain('google/b 1');
});

describe('stint gemini', () => {
  test('hands arguments through, and output and exit code back', async () => {
    await using rig = await startGeminiRig();
    const ends: unknown[] = [];
    for (const args of [['--version'], ['-p', 'hi', '--skip-trust', '--resume', 'none']]) {
      const { code, stdout } = await rig.start('gemini', ...args).ended;
      ends.push({ code, stdout });
    }
    // 42 is its own code for a conversation that it does not know.
    expect(ends).toEqual([
      { code: 0, stdout: `${agentPackages.gemini.version}\n` },
      { code: 42, stdout: '' },
    ]);
    expect(traffic(rig)).toEqual([]);
  });

  test('keeps the person’s own credentials and upstream from the agent, and takes odd arguments as they are', async () => {
    const odd = `two  spaces, "quotes", 'more', $HOME, \`cmd\`, *, \\ and --pool`;
    await using rig = await startGeminiRig({
      env: {
        GEMINI_API_KEY: 'AIza-test-own',
        GOOGLE_API_KEY: 'AIza-test-own',
        GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9',
        GOOGLE_GENAI_USE_VERTEXAI: 'true',
        GOOGLE_CLOUD_ACCESS_TOKEN: 'ya29.test-own',
      },
    });
    expect(await rig.gemini(`[[say:${odd}]]`, ...pro)).toMatchObject(untroubled(odd));
    expect(traffic(rig)).toEqual(['a 200']);
  });

  test('leaves Ctrl-C to the agent, whose abort reaches the provider and blames nobody', async () => {
    await using rig = await startGeminiRig({ scenario: { deltaDelayMs: 100 } });
    const request = rig.simulator.nextRequest();
    const agent = rig.begin('[[words:3000]]', ...pro);
    await request;
    const aborted = rig.simulator.nextAbort();
    agent.signal('SIGINT');
    await aborted;
    // Gemini CLI 0.61.0 ends so by itself.
    expect((await agent.ended).code).toBe(0);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });
});

test('a pool of a key and a service account of Vertex AI moves from one to the other', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const clientEmail = 'robot@vertex-project.iam.gserviceaccount.com';
  await using rig = await startGeminiRig();
  using vertex = stoppable({ name: 'v', project: 'vertex-project', serviceAccount: { clientEmail, publicKey } });
  const file = {
    type: 'service_account',
    project_id: 'vertex-project',
    client_email: clientEmail,
    private_key: privateKey,
    token_uri: `${vertex.simulator.url}/token`,
  };
  await rig.call('account.add', {
    ...{ provider: 'google', label: 'v', secret: JSON.stringify(file), baseUrl: vertex.simulator.url },
  });
  for (const label of ['a', 'b'])
    rig.simulator.inject({ kind: 'key_rpd', credential: label, skip: label === 'a' ? 1 : 0 });
  const run = await rig.gemini('[[steps:2]] go', ...pro);
  expect(run).toMatchObject(untroubled(greeting('v', '[[steps:2]] go', { steps: 2 })));
  expect(run.toolResults).toEqual(['step 1', 'step 2']);
  expect(traffic(rig)).toEqual(['a 200', 'a 429', 'b 429']);
  expect(vertex.simulator.requests.map(({ path, status }) => `${path} ${status}`)).toEqual([
    '/token 200',
    ...Array.from(
      { length: 2 },
      () =>
        '/v1beta1/projects/vertex-project/locations/us-central1/publishers/google/models/gemini-2.5-pro:streamGenerateContent 200',
    ),
  ]);
  expect(states(await rig.status())).toEqual(['a partly-closed day', 'b partly-closed day', 'v open']);
});

/** Resolves with the n-th request from here on. */
function nthRequest(rig: GeminiRig, count: number): Promise<unknown> {
  let seen = 0;
  return rig.simulator.nextRequest(() => ++seen === count);
}

type Credential = Parameters<typeof startGoogleSimulator>[0]['scenario']['credentials'][number];

function stoppable(credential: Credential): Disposable & {
  readonly simulator: ReturnType<typeof startGoogleSimulator>;
} {
  const simulator = startGoogleSimulator({ scenario: { credentials: [credential] } });
  return { simulator, [Symbol.dispose]: () => simulator.stop() };
}
