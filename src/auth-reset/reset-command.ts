import { Problem } from '../core/problem.ts';
import { secondMs } from '../core/time.ts';
import type { Label } from '../core/ids.ts';
import { requireResetTarget } from '../core/pool/reset-target.ts';
import type { Target } from '../containers/ports.ts';
import type { ResetPlace, ResetSettings } from './ports.ts';

/** A reset that could be run at this moment. */
export type Plan = {
  readonly place: Pick<ResetPlace, 'runtime' | 'socket'>;
  readonly target: Target;
  /** What is run and where, for people. */
  readonly text: string;
};

type Agent = ResetSettings['agents'][string];

/** Hermes keeps its logins in a file of the user that it runs as in its image: another one would take it away. */
const builtIn: Readonly<Record<string, Agent>> = {
  hermes: { command: ['hermes', 'auth', 'reset', '{target}'], user: '10000:10000' },
};

const placeholder = '{target}';

/** The command that resets the login of the agent that uses a pool. Throws a Problem where none is set up. */
export function planReset(settings: ResetSettings, pool: Label, target: string): Plan {
  if (requireResetTarget(target) === '') throw new Error('an empty target is none');
  const { agents } = settings;
  const place = placeOf(settings, pool);
  const agent = own(agents, place.agent) ?? own(builtIn, place.agent);
  if (agent === undefined)
    throw new Problem('invalid', `Stint knows no reset command of the agent ${place.agent}.`, {
      hint: `Declare it in config.toml: [reset.agents.${place.agent}] command = ["...", "{target}"]`,
    });
  const [program = '', ...args] = agent.command;
  if (program === '' || program.includes(placeholder))
    throw new Problem('invalid', `The reset command of the agent ${place.agent} does not begin with a program.`, {
      hint: `Correct [reset.agents.${place.agent}] in config.toml`,
    });
  // As text: in a replacement string `$&` would mean something.
  const command = [program, ...args.map((each) => each.replaceAll(placeholder, () => target))];
  const user = runsAs(place, agent.user);
  const where = place.runtime === 'local' ? 'on this machine' : `in ${place.container}`;
  return {
    place,
    target: { container: place.container, command, user, timeoutMs: place.timeoutSeconds * secondMs },
    text: `${command.join(' ')} ${where}${user === undefined ? '' : ` as ${user}`}`,
  };
}

/** Tells places apart in which an agent keeps its logins. */
export function placeKey(settings: ResetSettings, pool: Label): string {
  const { runtime, container, agent } = placeOf(settings, pool);
  return `${runtime}|${container}|${agent}`;
}

function placeOf(settings: ResetSettings, pool: Label): ResetPlace {
  return { ...settings, ...defined(own(settings.pools, pool) ?? {}) };
}

/** Only containers can be asked for a user; elsewhere the agent's login is that of whoever runs the command. */
function runsAs({ runtime }: ResetPlace, user: string): string | undefined {
  return user !== '' && (runtime === 'docker' || runtime === 'apple') ? user : undefined;
}

function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A field that is left out does not take the usual one away. */
function defined(place: ResetSettings['pools'][string]): Partial<ResetPlace> {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}
