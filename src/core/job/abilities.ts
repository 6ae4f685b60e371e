/** What an agent can do of what stop conditions need. */
export type Abilities = {
  /**
   * When it tells what it has spent: with each `answer` of its model, at the end of a `turn`, or `never`. Between turns it
   * tells its tool calls only.
   */
  readonly spending: 'answer' | 'turn' | 'never';
  /** Its events name the model that has answered. */
  readonly namesModel: boolean;
  /** It can be given tools of Stint's own. */
  readonly mcp: boolean;
};
