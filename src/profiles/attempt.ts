import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { Problem } from '../core/problem.ts';
import type { Signal } from '../core/limit/signal.ts';
import {
  nothingHeard,
  type AttemptStart,
  type Channel,
  type Listener,
  type Plan,
  type ProfileMode,
  type Told,
} from '../agents/profile.ts';
import { HeldOutput, send } from './held-output.ts';
import { LineSplitter } from './line-splitter.ts';
import { sendSignal, stopProcess, within } from './stop-process.ts';
import type { Surroundings } from './surroundings.ts';
import { TranscriptReader } from './transcript-reader.ts';

/** A longer wait than this no run sits out: its account may be closed for a day. */
const longestWaitMs = 10 * 60_000;
const roundMs = 100;
const mostRounds = 30;
/** A line that tells of a long wait is believed when nothing follows it: what a tool had printed there is followed by more. */
const silenceMs = 15_000;
/** A line of a transcript is read some time after it was written, and may be older than one of the output. */
const transcriptLateMs = 2000;
/** How long a pipe may stay open after the CLI has ended: something that it started and left behind may hold it. */
const pipeMs = 1000;
/** What a shell shows for a command whose reader has gone. */
const readerGone = 128 + constants.signals.SIGPIPE;

export type Attempt = {
  readonly mode: ProfileMode;
  readonly plan: Plan;
  readonly start: AttemptStart;
  readonly executable: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly profile: string;
  readonly surroundings: Surroundings;
  readonly session: string | null;
  /** False for the attempt that takes a conversation over: stdin held the first prompt. */
  readonly first: boolean;
  readonly now: () => number;
  /** Asked last before it starts; with an exit code it does not start any more. */
  readonly endedBefore: () => number | null;
};

/** What an attempt tells as it goes. */
export type Ears = {
  /** Something about the account, whatever becomes of the turn. */
  told(told: Told, session: string | null): void;
  /** The turn cannot go on here: resolves with whether it goes on elsewhere, and this attempt is to end. */
  stopped(session: string | null): Promise<boolean>;
};

type Stopped = Extract<Told, { kind: 'stopped' }>;

export type AttemptEnd = {
  /** The exit code; 128 and the signal's number for a signal. */
  readonly code: number;
  readonly session: string | null;
  /** Whether it ended because another attempt goes on. */
  readonly left: boolean;
};

/** Runs the CLI once in a profile, with its output passed on and read on the way. Rejects when it cannot be started. */
export async function runAttempt(attempt: Attempt, ears: Ears): Promise<AttemptEnd> {
  const { mode, plan, surroundings } = attempt;
  const watched = {
    transcripts: mode.transcripts,
    profile: attempt.profile,
    cwd: resolve(surroundings.cwd, plan.folder ?? '.'),
    session: attempt.session,
  };
  const listen = mode.listen(attempt.now);
  // What was decided about the limit of this turn; a turn that is served begins anew.
  const leaving: Promise<boolean>[] = [];
  let heardAny = false;
  let supposed: Signal | null = null;
  let silence: NodeJS.Timeout | undefined;
  let silentSince = 0;
  const take = (told: Told): void => {
    if (told.kind === 'session') return reader.follow(told.id);
    if (told.kind === 'supposed') {
      supposed = told.signal;
      return;
    }
    if (told.kind === 'stopped' && told.waits === true) {
      silentSince = attempt.now();
      silence = setTimeout(() => believe(told), surroundings.silenceMs ?? silenceMs);
      return;
    }
    believe(told);
  };
  const believe = (told: Exclude<Told, { kind: 'session' | 'supposed' }>): void => {
    heardAny = true;
    ears.told(told, reader.session);
    if (told.kind === 'served' && leaving.length > 0) {
      leaving.length = 0;
      held.rearm();
    }
    if (told.kind === 'stopped' && leaving.length === 0) leaving.push(leave(told));
  };
  const hear: Listener = (channel, line) => {
    if (channel !== 'transcript' || attempt.now() - silentSince > transcriptLateMs) clearTimeout(silence);
    // What is no list of events holds the words of a model, which may look like one.
    return channel === 'stdout' && plan.stdout !== 'lines' ? nothingHeard : listen(channel, line);
  };
  const reader = await TranscriptReader.open(watched, (line) => hear('transcript', line).told.forEach(take));
  const endedBefore = attempt.endedBefore();
  if (endedBefore !== null) return { code: endedBefore, session: attempt.session, left: false };
  const held = new HeldOutput(plan.stdout === 'whole');
  const group = isGroup(plan);
  const child = spawnChild(attempt);
  const ended = endOf(child, attempt.executable);
  let gaveUp = false;
  const leave = async (stopped: Stopped): Promise<boolean> => {
    await writtenDown(reader, ended);
    const goesOn = await ears.stopped(reader.found ? reader.session : null);
    gaveUp = !goesOn && !plan.interactive && waitsLong(stopped, attempt.now());
    const patient = !plan.interactive && stopped.waits !== true;
    if (goesOn || gaveUp) await stopProcess(child, { group, patient, kill: surroundings.kill });
    if (!goesOn) await held.release(surroundings.stdout);
    return goesOn;
  };
  const handlers = forwardSignals(child, plan, surroundings);
  try {
    if (child.pid !== undefined && plan.converses) reader.watch(child.pid);
    const flow = { passing: 0 };
    const pumps = Promise.all([
      pump({ from: child.stdout, channel: 'stdout', listen: hear, take, flow }, async (line, hold) => {
        await held.write(surroundings.stdout, line, hold);
        if (held.readerGone) await stopProcess(child, { group, patient: false, kill: surroundings.kill });
      }),
      pump({ from: child.stderr, channel: 'stderr', listen: hear, take, flow }, async (line) => {
        await send(surroundings.stderr, line);
      }),
    ]);
    await Promise.all([ended.then(() => closePipes(child, { pumps, flow })), pumps]);
    clearTimeout(silence);
    await reader.drain();
    const ownCode = await ended;
    const code = gaveUp ? (mode.limitCode ?? ownCode) : ownCode;
    const signal = heardAny || !plan.converses ? null : mode.exitSignal(code, supposed);
    if (signal !== null) take({ kind: 'stopped', signal });
    const [left = false] = await Promise.all(leaving);
    if (!left) await held.release(surroundings.stdout);
    return { code: held.readerGone ? readerGone : code, session: reader.session, left: left && !held.readerGone };
  } finally {
    clearTimeout(silence);
    reader.stop();
    for (const [signal, handler] of handlers) surroundings.signals.off(signal, handler);
  }
}

/** Whether a CLI has begun a wait that nobody would sit out, instead of ending. */
function waitsLong({ waits, signal }: Stopped, now: number): boolean {
  return waits === true && signal.kind === 'closed' && (signal.until ?? Infinity) - now > longestWaitMs;
}

/** What a CLI tells on its output it may write down a moment later; at its end it has. */
async function writtenDown(reader: TranscriptReader, ended: Promise<unknown>): Promise<void> {
  const over = ended.then(
    () => true as const,
    () => true as const,
  );
  for (let round = 0; round < mostRounds; round += 1) {
    await reader.drain();
    if (reader.found) return;
    if (await within(over, roundMs)) return reader.drain();
  }
}

function spawnChild({ plan, start, executable, environment, surroundings: { cwd }, first }: Attempt): ChildProcess {
  const channel = (plumbing: Plan['stdout']): 'inherit' | 'pipe' => (plumbing === 'inherit' ? 'inherit' : 'pipe');
  return spawn(executable, start.args, {
    cwd,
    env: { ...environment, ...start.environment },
    stdio: [first || plan.fed ? 'inherit' : 'ignore', channel(plan.stdout), channel(plan.stderr)],
    detached: isGroup(plan),
  });
}

/** A group of its own can be ended with all that it has started; the terminal's would lose the terminal. */
function isGroup({ interactive, converses }: Plan): boolean {
  return !interactive && converses;
}

/** Lets go of the pipes that nothing has closed a while after the end of the CLI; a slow reader of ours has its time. */
async function closePipes(
  child: ChildProcess,
  { pumps, flow }: { pumps: Promise<unknown>; flow: { readonly passing: number } },
): Promise<void> {
  const done = pumps.then(
    () => true as const,
    () => true as const,
  );
  for (;;) {
    if (await within(done, pipeMs)) return;
    if (flow.passing > 0) continue;
    child.stdout?.destroy();
    child.stderr?.destroy();
    return;
  }
}

type Source = {
  readonly from: Readable | null;
  readonly channel: Channel;
  readonly listen: Listener;
  readonly take: (told: Told) => void;
  /** How many lines are on their way to a reader of ours. */
  readonly flow: { passing: number };
};

/** Passes on what arrives, in order, as it is; waits where the reader of our own output is slow. */
async function pump(
  { from, channel, listen, take, flow }: Source,
  pass: (line: Buffer, hold: boolean) => Promise<void>,
): Promise<void> {
  if (from === null) return;
  const splitter = new LineSplitter();
  const lines = async (each: readonly Buffer[]): Promise<void> => {
    for (const line of each) {
      const { told, hold } = listen(channel, line.toString('utf8').trimEnd());
      flow.passing += 1;
      await pass(line, hold);
      flow.passing -= 1;
      told.forEach(take);
    }
  };
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) await lines(splitter.push(chunk));
  } catch (error) {
    if (!from.destroyed) throw error;
  }
  const rest = splitter.end();
  if (rest.length > 0) await lines([rest]);
}

async function endOf(child: ChildProcess, executable: string): Promise<number> {
  return new Promise((ended, reject) => {
    child.once('error', (error) =>
      reject(
        new Problem('unavailable', `${executable} could not be started: ${error.message}.`, {
          hint: 'Try it without Stint first.',
        }),
      ),
    );
    child.once('exit', (code, signal) => ended(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/** Ctrl-C reaches what runs in the terminal by itself; a group of its own has to be told. */
function forwardSignals(
  child: ChildProcess,
  plan: Plan,
  { kill, terminal, signals }: Surroundings,
): Map<NodeJS.Signals, () => void> {
  const group = isGroup(plan);
  const reached = plan.interactive || (!group && terminal);
  const handlers = new Map<NodeJS.Signals, () => void>();
  const forward = (signal: NodeJS.Signals) => () => {
    sendSignal(child, { group, signal, kill });
  };
  for (const signal of ['SIGINT', 'SIGQUIT'] as const)
    handlers.set(signal, reached ? () => undefined : forward(signal));
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) handlers.set(signal, forward(signal));
  for (const [signal, handler] of handlers) signals.on(signal, handler);
  return handlers;
}
