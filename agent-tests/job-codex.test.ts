import { codexJobs } from './job-agents.ts';
import { describeLoop } from './job-loop.ts';
import { describeJobs } from './job-suite.ts';

describeJobs(codexJobs);
describeLoop(codexJobs);
