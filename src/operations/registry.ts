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
import { accountActivity, accountRename } from './account-name.ts';
import { accountAdopt, accountAdoptable } from './adopt.ts';
import { auditList, eventWatch } from './audit.ts';
import { configCheck, configGet, configList, configSet } from './config.ts';
import { daemonCheck, daemonStatus, daemonStop, logRead } from './daemon.ts';
import { limitClear, limitList, limitSet } from './limit.ts';
import { noticeList, noticeTest } from './notice.ts';
import { jobAdd, jobAnswer, jobCancel, jobList, jobLogs, jobPark, jobResume, jobRetry, jobShow } from './job.ts';
import { modelResolve } from './model.ts';
import { jobAttach, jobType } from './job-terminal.ts';
import type { AnyOperation } from './operation.ts';
import { phantomIssue, phantomList, phantomRevoke } from './phantom.ts';
import { poolAdd, poolDrop, poolMove } from './pool-member.ts';
import { poolResetAuth, poolSetAuthReset } from './pool-reset.ts';
import { poolExplain, poolNext, poolRotate, poolUse } from './pool-choice.ts';
import { poolCreate, poolList, poolRemove, poolRename, poolSet, poolShow } from './pool.ts';
import { sessionBegin, sessionReport } from './profile.ts';
import { sessionList } from './session.ts';
import { dashboardLink, tokenRotate } from './token.ts';

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
  accountRename,
  accountRemove,
  accountDisable,
  accountEnable,
  accountClear,
  accountSet,
  accountActivity,
  poolCreate,
  poolSet,
  poolList,
  poolShow,
  poolRename,
  poolRemove,
  poolAdd,
  poolDrop,
  poolMove,
  poolUse,
  poolNext,
  poolRotate,
  poolExplain,
  poolSetAuthReset,
  poolResetAuth,
  limitList,
  limitSet,
  limitClear,
  sessionList,
  sessionBegin,
  sessionReport,
  jobAdd,
  jobList,
  jobShow,
  jobLogs,
  jobCancel,
  jobPark,
  jobResume,
  jobRetry,
  jobAnswer,
  modelResolve,
  jobAttach,
  jobType,
  phantomIssue,
  phantomList,
  phantomRevoke,
  auditList,
  eventWatch,
  noticeList,
  noticeTest,
  configList,
  configGet,
  configSet,
  configCheck,
  tokenRotate,
  dashboardLink,
  logRead,
];
