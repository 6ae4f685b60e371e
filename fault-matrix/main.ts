// Runs every cell and writes docs/fault-matrix.md.
import { pageOf } from './page.ts';
import { runMatrix } from './run.ts';

/** The page, beside the rest of the documentation. */
export const page = new URL('../docs/fault-matrix.md', import.meta.url);

if (import.meta.main) await Bun.write(page, pageOf(await runMatrix()));
