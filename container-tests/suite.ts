import { describe } from 'bun:test';
import { whyNoEngine } from './engine.ts';

const reason = await whyNoEngine();
if (reason !== null) console.log(`No container engine, so that its tests are skipped: ${reason}`);

/** Tests that need a container engine; skipped, with one line that says why, where there is none. */
export const describeWithEngine = reason === null ? describe : describe.skip;
