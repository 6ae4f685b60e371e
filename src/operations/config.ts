import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';
import { operation } from './operation.ts';
import { quoted } from './require.ts';
import { findLostSections } from './reset-section.ts';
import { findingShape } from './shape.ts';

const settingShape = z.object({
  field: z.string().describe('As in config.toml, its sections joined by dots'),
  value: z.unknown().describe('A secret one only says whether it is set'),
  isDefault: z.boolean(),
});
const field = z.string().describe('Setting, such as gateway.holdSeconds');

export const configList = operation({
  name: 'config.list',
  summary: 'List the settings with their values',
  effect: 'read',
  positional: ['section'],
  input: z.object({
    section: z.string().optional().describe('Only settings that begin so, such as notices'),
    changed: z.boolean().default(false).describe('Only those that are not as they come'),
  }),
  output: z.object({
    file: z.string(),
    settings: z.array(settingShape),
    pendingRestart: z.array(z.string()).describe('Settings whose new value acts after a restart'),
  }),
  run({ section, changed }, { settings }) {
    const shown = settings
      .list()
      .filter((each) => section === undefined || each.field === section || each.field.startsWith(`${section}.`))
      .filter((each) => !changed || !each.isDefault);
    return {
      file: settings.file,
      settings: shown.map((each) => ({ ...each })),
      pendingRestart: [...settings.pendingRestart()],
    };
  },
});

export const configGet = operation({
  name: 'config.get',
  summary: 'Show one setting',
  effect: 'read',
  positional: ['field'],
  input: z.object({ field }),
  output: settingShape.extend({ isSecret: z.boolean().describe('Whether its value is a secret, and not shown') }),
  run: (input, context) => requireSetting(context, input.field),
});

export const configSet = operation({
  name: 'config.set',
  summary: 'Change one setting, or take it back to how it comes',
  effect: 'write',
  positional: ['field', 'value'],
  // The value may be a secret.
  subject: ['field'],
  input: z.object({
    field,
    value: z.string().optional().describe('The new value, as it stands in config.toml; a list with commas'),
    secret: z
      .string()
      .optional()
      .meta({ secret: true, unless: ['value', 'unset'], wantedBy: 'config.get' })
      .describe('The new value of a setting that is a secret'),
    unset: z.boolean().default(false).describe('Take it out of the file'),
  }),
  output: settingShape.extend({
    isSecret: z.boolean().describe('Whether its value is a secret, and not shown'),
    needsRestart: z.boolean().describe('Whether it acts after a restart only'),
    warning: z.string().nullable().describe('What keeps it from acting, although it is set'),
  }),
  hidden: {
    mcp: 'A value may be a secret, which must not pass a model: stint config set changes it.',
    telegram: 'A value may be a secret, which must not pass a chat: stint config set changes it.',
  },
  async run(input, context) {
    const given = [input.value, input.secret].filter((each) => each !== undefined);
    if (given.length !== (input.unset ? 0 : 1))
      throw new Problem('invalid', 'Give either a value or --unset.', {
        hint: `For example: stint config set ${input.field.slice(0, 60)} --unset`,
      });
    const known = requireSetting(context, input.field);
    if (known.isSecret && input.value !== undefined && context.caller.surface === 'cli')
      throw new Problem('invalid', `${known.field} is a secret, and everybody here can see what a command is given.`, {
        hint: `Nothing was changed. It is asked for by: stint config set ${known.field}, or use --secret-env <variable>, or < file`,
      });
    const { needsRestart, warning } = await context.settings.set(known.field, given[0] ?? null);
    return { ...requireSetting(context, known.field), needsRestart, warning };
  },
});

export const configCheck = operation({
  name: 'config.check',
  summary: 'Say what is wrong with config.toml as it is',
  effect: 'read',
  positional: [],
  input: z.object({}),
  output: z.object({ file: z.string(), findings: z.array(findingShape) }),
  run: async (_, context) => ({
    file: context.settings.file,
    findings: [...(await context.settings.check()).map((each) => ({ ...each })), ...findLostSections(context)],
  }),
});

function requireSetting({ settings }: OperationContext, name: string) {
  const all = settings.list();
  const wanted = name.trim();
  const known = all.find((each) => each.field === wanted);
  if (known !== undefined) return { ...known };
  const last = wanted.split('.').at(-1)?.toLowerCase() ?? '';
  const near = all
    .filter((each) => last !== '' && each.field.toLowerCase().endsWith(`.${last}`))
    .map((each) => each.field);
  throw new Problem('not_found', `There is no setting ${quoted(name)}.`, {
    hint: near.length > 0 ? `Did you mean: ${near.slice(0, 3).join(', ')}` : 'See: stint config list',
  });
}
