/** The conversation of the scripted agent. `steps` are the tool calls before the answer. */
const conversation: readonly { readonly prompt: string; readonly steps: number; readonly answer: string }[] = [
  {
    prompt: 'The date parser fails in winter. Why?',
    steps: 0,
    answer: 'It reads the offset before it knows the zone.',
  },
  { prompt: 'Show me with a failing test.', steps: 2, answer: 'One test for Dublin in January: it fails by an hour.' },
  { prompt: 'Who else calls the parser?', steps: 1, answer: 'Four callers: the importer, two reports and the mailer.' },
  { prompt: 'Fix it where it belongs.', steps: 2, answer: 'The zone is read first, the offset follows from it.' },
  { prompt: 'Does the importer need a change?', steps: 1, answer: 'No. It passes the text on as it is.' },
  { prompt: 'And the reports?', steps: 1, answer: 'Both had their own workaround; it is gone.' },
  { prompt: 'Run the tests.', steps: 2, answer: 'All pass but one: the mailer expects the old hour.' },
  { prompt: 'Is that test right?', steps: 1, answer: 'No. It was written in winter, from what came out.' },
  { prompt: 'Correct it then.', steps: 1, answer: 'It says the hour that Dublin has, and why.' },
  { prompt: 'What about zones with half hours?', steps: 1, answer: 'Kolkata and Adelaide are in the table of cases.' },
  { prompt: 'And the night of the change?', steps: 2, answer: 'The hour that comes twice is read as the first one.' },
  { prompt: 'Write that into the docs.', steps: 1, answer: 'Two sentences beside the parser say so.' },
  {
    prompt: 'Does the mailer still send on time?',
    steps: 1,
    answer: 'Yes: its queue is sorted by instant, not by hour.',
  },
  { prompt: 'Anything left behind?', steps: 1, answer: 'One helper without a caller; removed.' },
  { prompt: 'Run everything once more.', steps: 2, answer: 'All tests pass, and the types and the linter agree.' },
  { prompt: 'Sum it up for the pull request.', steps: 0, answer: 'Parse the zone first; four callers get simpler.' },
  { prompt: 'Is the changelog in order?', steps: 2, answer: 'It has one line under Fixed, with the four callers.' },
  { prompt: 'Commit it.', steps: 1, answer: 'Committed: fix the winter offset of the date parser.' },
];

/** The prompts as a person wrote them. */
export const demoPrompts: readonly string[] = conversation.map(({ prompt }) => prompt);

/** The same prompts with what the simulated model is to do. */
export function scriptedPrompts(): string[] {
  return conversation.map(({ prompt, steps, answer }) => `${prompt} [[steps:${steps}]] [[say:${answer}]]`);
}
