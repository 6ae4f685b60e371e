import { sendJson } from '../provider/encoded-body.ts';
import { unlimited } from '../provider/quota-window.ts';
import type { Call } from './call.ts';
import { endOfPacificDay } from './pacific-day.ts';

const tier = {
  id: 'standard-tier',
  name: 'Gemini Code Assist',
  description: 'Unlimited coding assistant with the most powerful Gemini models',
  userDefinedCloudaicompanionProject: false,
};

/** What Gemini CLI asks around its prompts with a Google login, by the method's name. */
const answers: ReadonlyMap<string, (call: Call) => object> = new Map(
  Object.entries<(call: Call) => object>({
    loadCodeAssist: ({ credential }) => ({
      currentTier: tier,
      allowedTiers: [{ ...tier, isDefault: true }],
      cloudaicompanionProject: credential.project,
      gcpManaged: false,
    }),
    onboardUser: ({ credential }) => ({
      name: 'operations/onboard',
      done: true,
      response: { cloudaicompanionProject: { id: credential.project, name: credential.project } },
    }),
    retrieveUserQuota: (call) => ({ buckets: call.state.scenario.models.map((model) => bucketOf(model, call)) }),
    listExperiments: () => ({ experimentIds: [], flags: [] }),
    fetchAdminControls: () => ({}),
    recordCodeAssistMetrics: () => ({}),
    getCodeAssistGlobalUserSetting: ({ credential }) => globalSetting(credential.project),
    setCodeAssistGlobalUserSetting: ({ credential }) => globalSetting(credential.project),
  }),
);

/** Answers a call of Code Assist that makes no content; false for a method that is not known. */
export function handleCodeAssist(call: Call): boolean {
  const answer = answers.get(call.endpoint.method);
  if (answer === undefined) return false;
  sendJson(call.exchange, { body: answer(call) });
  return true;
}

/** The project that a call names, wherever its method has it. */
export function projectIn(body: Buffer): string | undefined {
  try {
    const { project, cloudaicompanionProject } = JSON.parse(body.toString()) as Record<string, unknown>;
    const named = project ?? cloudaicompanionProject;
    return typeof named === 'string' && named !== '' ? named : undefined;
  } catch {
    return undefined;
  }
}

function bucketOf(model: string, { credential, now }: Call): object {
  const day = credential.quota.day(model, now);
  const bucket = { modelId: model, tokenType: 'REQUESTS' };
  const resetTime = new Date(day?.resetAt ?? endOfPacificDay(now)).toISOString();
  if (day === undefined || day.limit === unlimited) return { ...bucket, remainingFraction: 1, resetTime };
  const remaining = day.limit - day.used;
  return { ...bucket, remainingFraction: 1 - day.utilization, remainingAmount: String(remaining), resetTime };
}

function globalSetting(project: string): object {
  return { cloudaicompanionProject: project, freeTierDataCollectionOptin: false };
}
