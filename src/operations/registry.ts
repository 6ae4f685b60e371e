import {
  accountAdd,
  accountCheck,
  accountClear,
  accountSet,
  accountDisable,
  accountEnable,
  accountList,
  accountRemove,
  accountShow,
} from './account.ts';
import { accountAdopt, accountAdoptable } from './adopt.ts';
import { daemonCheck, daemonStatus, daemonStop, logRead } from './daemon.ts';
import type { AnyOperation } from './operation.ts';
import { phantomIssue, phantomRevoke } from './phantom.ts';
import { poolCreate, poolList, poolRemove, poolSet, poolShow, poolUse } from './pool.ts';
import { sessionBegin, sessionReport } from './profile.ts';
import { sessionList } from './session.ts';

/** Everything Stint can do, in the order in which help shows it. */
export const operations: readonly AnyOperation[] = [
  daemonStatus,
  daemonStop,
  daemonCheck,
  accountAdd,
  accountCheck,
  accountAdopt,
  accountAdoptable,
  accountList,
  accountShow,
  accountRemove,
  accountDisable,
  accountEnable,
  accountClear,
  accountSet,
  poolCreate,
  poolSet,
  poolList,
  poolShow,
  poolRemove,
  poolUse,
  sessionList,
  sessionBegin,
  sessionReport,
  phantomIssue,
  phantomRevoke,
  logRead,
];
