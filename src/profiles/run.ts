import { randomUUID } from 'node:crypto';
import type { Agent } from '../agents/agent.ts';
import type { Plan, Told } from '../agents/profile.ts';
import type { Signal } from '../core/limit/signal.ts';
import { Problem } from '../core/problem.ts';
import { runAttempt, type Attempt } from './attempt.ts';
import { leaveOutForeign } from './foreign.ts';
import { openInterruption, type Interruption } from './interruption.ts';
import { shareSettings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';
import { keepTerminal } from './terminal.ts';

/** Whose turn it is; nobody's, and why; or that of the gateway, for a pool that has other accounts. */
export type Turn =
  | { readonly kind: 'gateway' }
  /** `moved`: another account has had the conversation up to now. */
  | { readonly kind: 'use'; readonly account: string; readonly profile: string; readonly moved: boolean }
  | { readonly kind: 'nobody'; readonly says: string };
type Use = Extract<Turn, { kind: 'use' }>;

/** What a run asks of the daemon. */
export interface Turns {
  /** Selects an account: for a new conversation, or to take over the one that `from` has. */
  begin(wish: {
    session: string | null;
    /** Whether that conversation exists already. */
    resumes: boolean;
    model: string | null;
    converses: boolean;
    from: string | null;
  }): Promise<Turn>;
  report(report: {
    account: string;
    session: string | null;
    model: string | null;
    sentAt: number;
    signal: Signal | null;
    served: boolean;
  }): Promise<void>;
}

export type ProfileRun = {
  readonly agent: Pick<Agent, 'profile' | 'command' | 'install'>;
  readonly args: readonly string[];
  readonly surroundings: Surroundings;
  readonly turns: Turns;
  /** Where an executable is. Throws a Problem when it is not on the PATH. */
  readonly find: (command: string, install: string) => string;
  /** A line for the person, on stderr. */
  readonly tell: (line: string) => void;
};

const servedEveryMs = 60_000;

/**
 * Runs a command line of an agent on the account whose turn it is. When its limit ends the turn and another account may
 * go on, the conversation is resumed in that one's profile; else the agent ends as it does. Resolves with its exit code,
 * or with `gateway` when the pool is none of profiles.
 */
export async function runOnProfiles(run: ProfileRun): Promise<number | 'gateway'> {
  const { agent, turns, tell } = run;
  const plan = agent.profile.plan(run.args, { terminal: run.surroundings.terminal, newSession: randomUUID });
  const { session, resumes, model, converses } = plan;
  const begun = await turns.begin({ session, resumes, model, converses, from: null });
  if (begun.kind === 'gateway') return 'gateway';
  if (begun.kind === 'nobody') throw new Problem('exhausted', begun.says, { hint: 'See: stint status' });
  const executable = run.find(agent.command, agent.install);
  using screen = plan.interactive ? keepTerminal(run.surroundings) : null;
  using interruption = openInterruption(run.surroundings);
  let turn: Use = begun;
  let start: Pick<Attempt, 'start' | 'session' | 'first'> = { start: plan, session, first: true };
  for (;;) {
    const { left, code, next } = await takeTurn(run, { plan, executable, turn, start, interruption });
    if (next?.kind === 'nobody') tell(next.says);
    if (!left || next?.kind !== 'use') return code;
    screen?.restore();
    const interrupted = interruption.code();
    if (interrupted !== null) return interrupted;
    tell(`${turn.account} reached its limit; ${next.account} goes on.`);
    turn = next;
    start = next.start;
  }
}

type Next = (Use & { readonly start: Pick<Attempt, 'start' | 'session' | 'first'> }) | Exclude<Turn, Use>;
type Taking = Pick<Attempt, 'plan' | 'executable'> & {
  readonly turn: Use;
  readonly start: Pick<Attempt, 'start' | 'session' | 'first'>;
  readonly interruption: Interruption;
};

/** One attempt on one account, and who goes on after it. */
async function takeTurn(
  run: ProfileRun,
  { plan, executable, turn, start, interruption }: Taking,
): Promise<{ left: boolean; code: number; next: Next | null }> {
  const mode = run.agent.profile;
  const { profile } = turn;
  await shareSettings(mode, { profile, environment: run.surroundings.environment });
  if (turn.moved && start.session !== null)
    await leaveOutForeign({ transcripts: mode.transcripts, profile }, start.session);
  const reporter = reporterOf(run, turn, plan.model);
  const environment = environmentOf(run, turn);
  let next: Next | null = null;
  const endedBefore = (): number | null => {
    interruption.leave();
    return interruption.code();
  };
  const { surroundings } = run;
  const end = await runAttempt(
    { ...start, mode, plan, executable, profile, environment, surroundings, now: Date.now, endedBefore },
    {
      told: (told, session) => reporter.told(told, session),
      async stopped(session) {
        interruption.watch();
        await reporter.settled();
        next = await follower(run, { plan, turn, session });
        if (next.kind !== 'use') interruption.leave();
        return next.kind === 'use';
      },
    },
  );
  await reporter.settled();
  return { left: end.left, code: end.code, next };
}

async function follower(
  { turns }: ProfileRun,
  { plan, turn, session }: { plan: Plan; turn: Use; session: string | null },
): Promise<Next> {
  const says = (why: string): Next => ({ kind: 'nobody', says: why });
  if (plan.takeover === null)
    return says('Started like this, the conversation cannot be taken over by another account.');
  if (session === null) return says('The conversation was not found, so that no other account can go on with it.');
  const wish = { session, resumes: true, model: plan.model, converses: true, from: turn.account };
  const next = await turns
    .begin(wish)
    .catch((error: unknown) => says(String(error instanceof Error ? error.message : error)));
  if (next.kind !== 'use') return next;
  return { ...next, start: { start: plan.takeover(session), session, first: false } };
}

function environmentOf({ agent, surroundings: { environment } }: ProfileRun, { profile }: Use): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...environment, ...agent.profile.environment(profile) };
  // The passphrase opens every secret that the agent must not have.
  for (const name of [...agent.profile.withheld, 'STINT_VAULT_PASSPHRASE']) delete env[name];
  return env;
}

type Reporter = { told(told: Told, session: string | null): void; settled(): Promise<void> };

/** Reports what is told one after the other. A daemon that is gone learns nothing, and the agent goes on. */
function reporterOf({ turns }: ProfileRun, { account }: Use, model: string | null): Reporter {
  let last: Promise<unknown> = Promise.resolve();
  let servedAt = 0;
  const sentAt = Date.now();
  const report = (signal: Signal | null, session: string | null): void => {
    const served = signal === null;
    const send = (): Promise<void> => turns.report({ account, session, model, sentAt, signal, served });
    last = last.then(send).catch(() => undefined);
  };
  return {
    told(told, session) {
      if (told.kind === 'signal' || told.kind === 'stopped') return report(told.signal, session);
      if (told.kind !== 'served' || Date.now() - servedAt < servedEveryMs) return;
      servedAt = Date.now();
      report(null, session);
    },
    settled: async () => void (await last),
  };
}
