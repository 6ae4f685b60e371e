import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Agent } from './agents/agent.ts';
import { agents } from './agents/registry.ts';
import { readHolder } from './home/claim-home.ts';
import { readDaemonFile } from './home/daemon-file.ts';
import { homeAt } from './home/open-home.ts';
import { operations } from './operations/registry.ts';
import type { Surroundings } from './profiles/surroundings.ts';
import type { Machine } from './service/manager.ts';
import { runCli } from './surfaces/cli/cli.ts';
import type { FoundDaemon, Host, Place } from './surfaces/cli/host.ts';

const { env } = process;
const userEnvironment = withoutOurs();

const host: Host = {
  version: version(),
  defaults: {
    home: env['STINT_HOME'] || join(homedir(), '.stint'),
    controlPort: env['STINT_CONTROL_PORT'] || undefined,
    agentPort: env['STINT_AGENT_PORT'] || undefined,
  },
  userEnvironment,
  stintCommand: [process.execPath, ...process.execArgv, import.meta.path],
  agents: [...agents.keys()],
  providers: [...new Set([...agents.values()].map((each) => each.provider))],
  agentOf: (provider) => [...agents.values()].find((each) => each.provider === provider)?.id,
  findDaemon,
  async hasCrashed(home) {
    const files = homeAt(home);
    // A stop removes it.
    return existsSync(files.holder) && (await readHolder(files)) === undefined;
  },
  async listeners({ home, ...overrides }) {
    const { loadStart } = await import('./config/load-config.ts');
    return loadStart(homeAt(home).config, overrides);
  },
  async obstacles(agent, home, args) {
    // A home that cannot be read has no gateway either.
    const daemon = await findDaemon(home).catch(() => undefined);
    const gatewayPort = daemon?.kind === 'serving' ? daemon.agentPort : undefined;
    const start = { cwd: process.cwd(), environment: userEnvironment, args, gatewayPort };
    return (await agents.get(agent)?.obstacles(start)) ?? [];
  },
  agentNamed(name) {
    const found = [...agents.values()].find((each) => each.id === name || each.provider === name);
    return found === undefined ? undefined : { agent: found.id, provider: found.provider };
  },
  async runOnProfiles(run) {
    const { runOnProfiles } = await import('./profiles/run.ts');
    return runOnProfiles({ ...run, agent: agentOf(run.agent), surroundings: surroundings() });
  },
  async logIn(login) {
    const { logIn } = await import('./profiles/login.ts');
    return logIn({ ...login, agent: agentOf(login.agent), surroundings: surroundings() });
  },
  async serve(place: Place, passphrase) {
    const { startDaemon } = await import('./daemon/daemon.ts');
    const daemon = await startDaemon({
      ...place,
      version: host.version,
      pid: process.pid,
      passphrase,
      environment: env,
      kill: (pid, signal) => void process.kill(pid, signal),
    });
    return { ...daemon.file, folder: daemon.folder, setAside: daemon.setAside, stop: daemon.stop, ended: daemon.ended };
  },
  async demo(options) {
    const { runDemo } = await import('./demo/demo.ts');
    return runDemo({
      ...options,
      stintCommand: host.stintCommand,
      environment: userEnvironment,
      output: process.stdout,
      signals: process,
    });
  },
  async settingNames() {
    const { describeConfig } = await import('./config/describe-config.ts');
    return describeConfig();
  },
  async settings(home, toChange) {
    const { offlineSettings } = await import('./config/offline-settings.ts');
    const { openHome } = await import('./home/open-home.ts');
    const file = toChange ? (await openHome(home)).config : homeAt(home).config;
    return offlineSettings({
      file,
      toChange,
      async checkFiles(config) {
        const { checkFiles } = await import('./daemon/check-files.ts');
        return checkFiles(config, env);
      },
    });
  },
  async settingsFile(home) {
    const { openSettingsFile } = await import('./config/settings-file.ts');
    const { openHome } = await import('./home/open-home.ts');
    return openSettingsFile((await openHome(home)).config);
  },
  async service() {
    const { daemonService } = await import('./service/daemon-service.ts');
    const service = daemonService(machine(), join(import.meta.dir, '../bin/stint.mjs'));
    return {
      ...service,
      async install({ home, ...overrides }, start) {
        const { loadStart } = await import('./config/load-config.ts');
        const { controlPort, agentPort, insecureBind } = overrides;
        const { gateway } = await loadStart(homeAt(home).config, overrides);
        const flags = [
          ...(controlPort === undefined ? [] : ['--control-port', controlPort]),
          ...(agentPort === undefined ? [] : ['--agent-port', agentPort]),
          ...(insecureBind === true ? ['--insecure-bind'] : []),
        ];
        return service.install({ home, flags, graceSeconds: gateway.stopGraceSeconds, start });
      },
    };
  },
  async serveMcp(wish) {
    const { runMcpStdio } = await import('./surfaces/mcp/stdio.ts');
    await runMcpStdio({ ...wish, version: host.version, input: process.stdin, output: process.stdout });
  },
};

process.exitCode = await runCli(process.argv.slice(2), host, operations);

function surroundings(): Surroundings {
  return {
    cwd: process.cwd(),
    terminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    environment: userEnvironment,
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
    kill: (pid, signal) => void process.kill(pid, signal),
  };
}

function machine(): Machine {
  return { platform: process.platform, uid: userInfo().uid, folder: homedir(), environment: userEnvironment };
}

function agentOf(id: string): Agent {
  const agent = agents.get(id);
  if (agent === undefined) throw new Error(`agent ${id} is not registered`);
  return agent;
}

async function findDaemon(home: string): Promise<FoundDaemon | undefined> {
  const files = homeAt(home);
  const holder = await readHolder(files);
  if (holder === undefined) return undefined;
  const file = await readDaemonFile(files);
  return file === undefined ? { kind: 'starting', pid: holder.pid } : { kind: 'serving', ...file };
}

/** The launcher notes in STINT_USER_ENV what it changed: name to the user's own value, null for none. */
function withoutOurs(): Record<string, string | undefined> {
  const { STINT_USER_ENV: note, ...rest } = env;
  const users: Record<string, string | undefined> = { ...rest };
  for (const [name, value] of Object.entries(JSON.parse(note ?? '{}') as Record<string, string | null>)) {
    if (value === null) delete users[name];
    else users[name] = value;
  }
  return users;
}

function version(): string {
  const { version: text } = JSON.parse(readFileSync(join(import.meta.dir, '../package.json'), 'utf8')) as {
    version: string;
  };
  return text;
}
