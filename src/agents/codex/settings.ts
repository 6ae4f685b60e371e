import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Obstacle, Start } from '../agent.ts';
import { configValues, parseCodexArgs } from './arguments.ts';

/** Where an administrator's settings lie; Codex 0.169.0 puts them over its flags. */
const managedFile = '/etc/codex/managed_config.toml';

const configSchema = z.object({
  model_provider: z.string().optional(),
  model_providers: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});

/** Keys of a provider that carry or name a credential, which Codex merges with the table of our flag. */
const credentialKeys = ['auth', 'experimental_bearer_token', 'http_headers', 'env_http_headers', 'query_params'];

/**
 * Finds what sends Codex past the provider that our flags set up. A project's `.codex/config.toml` and `--profile` are
 * no obstacle: Codex 0.169.0 takes no provider from the first, and puts flags over the second.
 */
export async function codexObstacles(start: Start, managed = managedFile): Promise<Obstacle[]> {
  const folder = resolve(start.cwd, start.environment['CODEX_HOME'] || join(homeOf(start), '.codex'));
  const own = join(folder, 'config.toml');
  return [
    ...flagObstacles(start.args),
    ...tableObstacles(own, await readToml(own)),
    ...managedObstacles(managed, await readToml(managed)),
  ];
}

function homeOf({ environment }: Start): string {
  return environment['HOME'] || homedir();
}

function flagObstacles(args: readonly string[]): Obstacle[] {
  const { options } = parseCodexArgs(args);
  const local = ['--oss', '--local-provider'].filter((name) => options.some((each) => each.name === name));
  const set = configValues(args).filter((name) => /^(model_provider|model_providers\.stint(\..+)?)$/.test(name));
  const remote = options.some((each) => each.name === '--remote') ? ['--remote'] : [];
  return [...local, ...set.map((name) => `-c ${name}`), ...remote].map((name) => ({
    file: name,
    name,
    says: `${name} sends codex past the gateway.`,
    hint: `Leave out ${name}.`,
  }));
}

function tableObstacles(file: string, config: z.infer<typeof configSchema>): Obstacle[] {
  const found = credentialKeys.filter((key) => config.model_providers?.['stint']?.[key] !== undefined);
  return found.map((key) => ({
    file,
    name: `model_providers.stint.${key}`,
    says: `model_providers.stint.${key} in ${file} replaces what the gateway gave to codex.`,
    hint: `Remove [model_providers.stint] from ${file}.`,
  }));
}

function managedObstacles(file: string, config: z.infer<typeof configSchema>): Obstacle[] {
  if (config.model_provider === undefined) return [];
  return [
    {
      file,
      name: 'model_provider',
      says: `model_provider in ${file} sends codex past the gateway.`,
      hint: `Ask whoever administers this machine about model_provider in ${file}.`,
    },
  ];
}

/** A file that is no TOML sets nothing here: Codex refuses to start on it and says so itself. */
async function readToml(file: string): Promise<z.infer<typeof configSchema>> {
  try {
    return configSchema.parse(Bun.TOML.parse(await readFile(file, 'utf8')));
  } catch {
    return {};
  }
}
