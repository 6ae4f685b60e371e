import type { Migration } from 'kysely';
import { accountsMigration } from './0001-accounts.ts';
import { accountSettingsMigration } from './0002-account-settings.ts';
import { noticesMigration } from './0003-notices.ts';
import { jobsMigration } from './0004-jobs.ts';
import { agentToolsMigration } from './0005-agent-tools.ts';

/** All migrations by name; the names sort in the order in which they run, and a released one never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-accounts': accountsMigration,
  '0002-account-settings': accountSettingsMigration,
  '0003-notices': noticesMigration,
  '0004-jobs': jobsMigration,
  '0005-agent-tools': agentToolsMigration,
};
