import { randomUUID } from 'node:crypto';
import type { AttemptStart, ProfileMode, Told } from '../agents/profile.ts';
import type { Signal } from '../core/limit/signal.ts';
import { runAttempt } from './attempt.ts';
import { shareSettings } from './settings.ts';
import { keepTerminal } from './terminal.ts';

/** Whose turn it is. */
export type Turn = { readonly account: string; readonly profile: string };

/** Why nobody takes a conversation over, as one sentence. */
export type NoTurn = { readonly account: null; readonly says: string };

/** What a run asks of the daemon. */
export interface Turns {
  /** Selects an account: for a new conversation, or to take over the one that `from` has. */
  begin(wish: { session: string | null; model: string | null; converses: boolean; from: string | null }): Promise<Turn | NoTurn>;
  report(report: { account: string; model: string | null; sentAt: number; signal: Signal | null; served: boolean }): Promise<void>;
}

export type ProfileRun = {
  readonly agent: { readonly id: string; readonly profile: ProfileMode };
  readonly executable: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly turns: Turns;
  /** A line for the person, on stderr. */
  readonly tell: (line: string) => void;
  /** Called when nobody may take even the first turn. */
  readonly nobody: (says: string) => never;
};

const servedEveryMs = 60_000;

/**
 * Runs a command line of an agent on the account whose turn it is. When its limit ends the turn and another account may
 * go on, the conversation is resumed in that one's profile; else the agent ends as it does. Resolves with its exit code.
 */
export async function runOnProfiles(run: ProfileRun): Promise<number> {
  const mode = run.agent.profile;
  const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const plan = mode.plan(run.args, { terminal, newSession: randomUUID });
  const { session, model, converses } = plan;
  const begun = await run.turns.begin({ session: plan.resumes ? session : null, model, converses, from: null });
  if (begun.account === null) return run.nobody(begun.says);
  await using screen = plan.interactive ? keepTerminal() : null;
  let turn: Turn = begun;
  let attempt: { session: string | null; start: AttemptStart } = { session, start: plan };
  for (let first = true; ; first = false) {
    await shareSettings(mode, { profile: turn.profile, environment: run.environment });
    const reporter = reporterOf(run, turn, model);
    let next: Turn | NoTurn | null = null;
    const end = await runAttempt(
      {
        ...{ mode, plan, first, executable: run.executable, profile: turn.profile, cwd: process.cwd(), now: Date.now },
        ...{ start: attempt.start, session: attempt.session },
        environment: environmentOf(run, turn),
      },
      {
        told: reporter.told,
        async stopped(_, found) {
          await reporter.settled();
          const taken = plan.takeover === null ? null : found;
          if (taken === null) return false;
          next = await run.turns.begin({ session: taken, model, converses, from: turn.account }).catch(() => null);
          if (next === null || next.account === null || plan.takeover === null) return false;
          attempt = { session: taken, start: plan.takeover(taken) };
          return true;
        },
      },
    );
    await reporter.settled();
    const following = next as Turn | NoTurn | null;
    if (!end.left || following === null || following.account === null) {
      if (following?.account === null) run.tell(following.says);
      return end.code;
    }
    await screen?.restore();
    run.tell(`${turn.account} reached its limit: ${following.account} goes on.`);
    turn = following;
  }
}

function environmentOf({ agent, environment }: ProfileRun, { profile }: Turn): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...environment, ...agent.profile.environment(profile) };
  // The passphrase opens every secret that the agent must not have.
  for (const name of [...agent.profile.withheld, 'STINT_VAULT_PASSPHRASE']) delete env[name];
  return env;
}

type Reporter = { told(told: Told): void; settled(): Promise<void> };

/** Reports what is told one after the other. A daemon that is gone learns nothing, and the agent goes on. */
function reporterOf({ turns }: ProfileRun, { account }: Turn, model: string | null): Reporter {
  let last: Promise<unknown> = Promise.resolve();
  let servedAt = 0;
  const sentAt = Date.now();
  const report = (signal: Signal | null): void => {
    const send = (): Promise<void> => turns.report({ account, model, sentAt, signal, served: signal === null });
    last = last.then(send).catch(() => undefined);
  };
  return {
    told(told) {
      if (told.kind === 'signal' || told.kind === 'stopped') return report(told.signal);
      if (told.kind !== 'served' || Date.now() - servedAt < servedEveryMs) return;
      servedAt = Date.now();
      report(null);
    },
    settled: async () => void (await last),
  };
}
