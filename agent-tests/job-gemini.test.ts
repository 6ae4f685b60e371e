import { geminiJobs } from './job-agents.ts';
import { describeJobs } from './job-suite.ts';

describeJobs(geminiJobs);
