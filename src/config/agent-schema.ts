import { z } from 'zod';

const isNoList = 'must be a list of texts';
const longestPattern = 500;

/** `[agents.<name>]`: what runs jobs besides the agents that Stint knows by itself. */
export function declaredAgents() {
  return z
    .record(
      z.string().regex(/^(?!(claude|codex|gemini)$)[a-z0-9-]{1,40}$/),
      z.strictObject(
        {
          command: texts('The command and its arguments; `{prompt}` is the file with the prompt.').min(1, {
            error: 'must be a list of the command and its arguments',
          }),
          result: pattern('A line that says it has finished; its first group is the result.').min(1, {
            error: 'must be a regular expression',
          }),
          session: pattern('A line that names its conversation; the first group is the id.').default(''),
          resume: texts('Arguments with which it goes on with the conversation `{session}`.').default([]),
          sessionMissing: pattern('An error that says there is no such conversation.').default(''),
          limits: z
            .array(pattern('An error that says it has met a limit.'), {
              error: 'must be a list of regular expressions',
            })
            .default([]),
          model: texts('Arguments that choose a model, `{model}`.').default([]),
          models: texts('Its models, best first, for where the preferred one is closed.').default([]),
          provider: z
            .string({ error: 'must be a provider' })
            .default('')
            .describe('Whose accounts serve it through the gateway; empty for a login of its own.'),
          environment: z
            .record(z.string().regex(/^[A-Za-z_]\w*$/), z.string({ error: 'must be a text' }), {
              error: 'must be a table of texts',
            })
            .default({})
            .describe('Its variables; `{gateway}` is the address of the gateway and `{token}` what it is let in with.'),
        },
        { error: ({ code }) => (code === 'invalid_type' ? 'must be a table' : undefined) },
      ),
      { error: 'must be tables with a command' },
    )
    .default({})
    .describe('Agents of your own, for jobs, by their names.');
}

function texts(description: string) {
  return z.array(z.string({ error: isNoList }), { error: isNoList }).describe(description);
}

function pattern(description: string) {
  const error = 'must be a regular expression';
  return z.string({ error }).max(longestPattern, { error }).refine(isPattern, { error }).describe(description);
}

function isPattern(text: string): boolean {
  try {
    RegExp(text);
    return true;
  } catch {
    return false;
  }
}
