import { minuteMs, secondMs } from '../time.ts';

/** How often the facts that cost little are looked at. */
export const lookMs = 5 * secondMs;
/** How often it is looked for jobs without a next step, and for processes that belong to none. */
export const reconcileMs = minuteMs;
/** Between two looks: longer than that, the machine slept or nobody looked, and no agent is to blame for it. */
export const sleptMs = 30 * secondMs;

/** Without a line, a request or a call of a tool; `jobs.idleMinutes` of the config goes before it. */
export const idleMs = 20 * minuteMs;
/**
 * As `idleMs`, while a call of a tool is under way: six times the longest that Claude Code gives a command by itself, and
 * Gemini CLI a tool of a server. What a tool of a server may take in Claude Code has no end worth the name.
 */
export const silentToolMs = 60 * minuteMs;
/** Without Stint's own tools, which the agent had used. */
export const toolsLostMs = 2 * minuteMs;
/** Without progress at a limit of a closed account. */
export const stuckMs = 3 * minuteMs;
/** Misses in a row, each one look after the one before, until a process is dead. */
export const mostMisses = 2;
/** How long a process that belongs to no job is seen before it is ended. */
export const orphanMs = 5 * secondMs;
/** How long a job may be without anybody who works on its next step. */
export const strandedMs = minuteMs;
/** The same call of a tool with the same result, in a row. */
export const mostRepeats = 4;
/** A call that takes so long has waited, and one that comes so long after the one before was waited with: it looks again. */
export const waitingCallMs = 10 * secondMs;
export const apartMs = minuteMs;

const megabyte = 1_000_000;
/** Free on the disk of the home: less than that is told, pauses dispatch, and lets it go on again. */
export const diskLowBytes = 500 * megabyte;
export const diskFullBytes = 100 * megabyte;
export const diskRoomBytes = 120 * megabyte;
