import { claudeJobs } from './job-agents.ts';
import { describeJobs } from './job-suite.ts';

describeJobs(claudeJobs);
