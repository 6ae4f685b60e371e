import { z } from 'zod';
import { configSchema } from './config-schema.ts';

/** The settings as a JSON Schema for editors, in the dialect that those for TOML know. Written to docs/config.schema.json. */
export function editorSchema(): string {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      delete jsonSchema['secret'];
    },
  });
  return `${JSON.stringify({ title: 'Settings of Stint (config.toml)', ...schema }, null, 2)}\n`;
}
