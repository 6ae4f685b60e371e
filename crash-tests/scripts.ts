import { print } from '../test/supervisor-rig.ts';

/** Notes its start, and what a later attempt may not see again: `finish` once its result is on stdout. */
const prelude = `J=\${STINT_ATTEMPT%.*}; N=\${STINT_ATTEMPT##*.}
echo "start $N $1" >> "$NOTES/log.$J"
printf '{"kind":"session","id":"s-%s"}\\n' "$J"
fin() { ${print({ kind: 'turn-completed' })}${print({ kind: 'result', text: 'ok' })}echo "finish $N" >> "$NOTES/log.$J"; exit 0; }
`;
const limited = (waits: boolean): string =>
  print({
    ...{ kind: 'limited', waits },
    signal: { kind: 'closed', window: 'five_hour', family: null, overage: false, until: null, evidence: 'used up' },
  });
const first = (what: string): string => `if [ $N = 1 ]; then ${what}fi\nfin`;

const spent = { turns: 5, models: null, costUsd: null, ofConversation: false };

/** Agents by what they do. All finish in the end, but for `endless`, which waits for a cancel, and `fails`. */
export const agentScripts = {
  quick: `${prelude}fin`,
  slow: `${prelude}sleep 0.3; fin`,
  limited: prelude + first(`${limited(false)}exit 1\n`),
  waits: prelude + first(`${limited(true)}sleep 30\n`),
  crashes: prelude + first('exit 9\n'),
  stubborn: `${prelude}trap '' TERM\n${first('for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.1; done\n')}`,
  leaver: `${prelude}setsid sh -c "trap '' TERM; sleep 20; sleep 20" & sleep 0.2; fin`,
  dyingLeaver: prelude + first('setsid sleep 20 & sleep 0.1; exit 9\n'),
  fails: `${prelude}${print({ kind: 'error', failure: 'task', detail: 'no', until: null })}exit 1`,
  endless: `${prelude}sleep 60`,
  spends: prelude + first(`${print({ kind: 'usage', usage: spent })}sleep 2\n`),
} as const;
export type AgentScript = keyof typeof agentScripts;
