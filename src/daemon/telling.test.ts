// The channels of a running daemon, while files that its settings name come and go.
import { expect, test } from 'bun:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openOutboxRig } from '../../test/outbox-rig.ts';

void [expect, test, mkdirSync, rmSync, writeFileSync, join, openOutboxRig];
