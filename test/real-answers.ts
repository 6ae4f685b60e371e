// What the simulated providers say, in their own wire formats: the material that fuzz tests change at random.
import { asProviderId, type ProviderId } from '../src/core/ids.ts';
import { refusalKinds as anthropicKinds } from '../src/simulator/anthropic/fault.ts';
import * as anthropic from '../src/simulator/anthropic/request-fixture.ts';
import { refusalKinds as googleKinds } from '../src/simulator/google/fault.ts';
import * as google from '../src/simulator/google/request-fixture.ts';
import { faultSchema as openaiFault, isRefusal } from '../src/simulator/openai/fault.ts';
import * as openai from '../src/simulator/openai/request-fixture.ts';

export type RealAnswer = {
  readonly provider: ProviderId;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
};

/** Every refusal of every provider, and a good answer of each in every framing. */
export async function realAnswers(): Promise<RealAnswer[]> {
  return (await Promise.all([anthropicAnswers(), openaiAnswers(), googleAnswers()])).flat();
}

/** The streams of good answers and of answers with an error in them. */
export async function realStreams(): Promise<RealAnswer[]> {
  return (await realAnswers()).filter(({ status, body }) => status === 200 && body.length < 20_000 && /\n/.test(body));
}

async function anthropicAnswers(): Promise<RealAnswer[]> {
  const { simulator } = anthropic.startFixture();
  try {
    const refused = await inTurn(anthropicKinds, (kind) => {
      simulator.inject({ kind });
      return anthropic.ask(simulator);
    });
    const inner = await inTurn(['error_event_before_content', 'error_event_mid'] as const, (kind) => {
      simulator.inject({ kind, afterPing: true });
      return anthropic.ask(simulator, { stream: true, prompt });
    });
    const good = await inTurn([true, false], (stream) => anthropic.ask(simulator, { stream, prompt }));
    return told('anthropic', [...refused, ...inner, ...good]);
  } finally {
    simulator.stop();
  }
}

async function openaiAnswers(): Promise<RealAnswer[]> {
  const { simulator } = openai.startFixture();
  try {
    const refusals = openaiFault.shape.kind.options.filter(isRefusal);
    const asked = (['key', 'work'] as const).flatMap((as) => refusals.map((kind) => ({ as, kind })));
    const refused = await inTurn(asked, ({ as, kind }) => {
      simulator.inject({ kind });
      return openai.ask(simulator, { as });
    });
    const inner = await inTurn(['failed_before_content', 'error_event_mid'] as const, (kind) => {
      simulator.inject({ kind });
      return openai.ask(simulator, { stream: true, prompt });
    });
    const ways = [{ as: 'work' }, { as: 'key' }, { as: 'key', stream: true }] as const;
    const good = await inTurn(ways, (way) => openai.ask(simulator, { ...way, prompt }));
    return told('openai', [...refused, ...inner, ...good]);
  } finally {
    simulator.stop();
  }
}

async function googleAnswers(): Promise<RealAnswer[]> {
  const { simulator } = google.startFixture();
  try {
    const refused = await inTurn(googleKinds, (kind) => {
      simulator.inject({ kind });
      return google.ask(simulator);
    });
    const inner = await inTurn(['error_event_before_content', 'error_event_mid'] as const, (kind) => {
      simulator.inject({ kind });
      return google.ask(simulator, { stream: kind === 'error_event_mid' ? 'array' : 'sse', prompt });
    });
    const good = await inTurn(['sse', 'array', 'no'] as const, (stream) => google.ask(simulator, { stream, prompt }));
    return told('google', [...refused, ...inner, ...good]);
  } finally {
    simulator.stop();
  }
}

const prompt = '[[say:one “two” three]]';

/** One after the other: each fault meets the request that follows it. */
async function inTurn<Way>(ways: readonly Way[], ask: (way: Way) => Promise<Response>): Promise<Response[]> {
  const answers: Response[] = [];
  for (const way of ways) answers.push(await ask(way));
  return answers;
}

function told(name: string, answers: readonly Response[]): Promise<RealAnswer[]> {
  return Promise.all(
    answers.map(async (response) => ({
      provider: asProviderId(name),
      status: response.status,
      headers: [...response.headers],
      body: await response.text(),
    })),
  );
}
