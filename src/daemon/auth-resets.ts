import { AuthResets } from '../auth-reset/auth-resets.ts';
import type { Book } from '../book/book.ts';
import type { Config } from '../config/config-schema.ts';
import { openContainers } from '../containers/open-containers.ts';
import type { Surroundings } from '../containers/surroundings.ts';
import type { AuditEntry } from '../core/audit.ts';
import { providers } from '../providers/registry.ts';

/** It depends on the credential, not on the model. */
const anyModel = 'model';

type Deps = Surroundings & {
  readonly book: Book;
  /** As the config is at this moment. */
  readonly settings: () => Config['reset'];
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly bug: (error: unknown) => void;
};

/** What resets the logins of agents when their pools have recovered; it goes on with what a daemon before has left. */
export function openAuthResets(opened: AsyncDisposableStack, { environment, kill, ...deps }: Deps): AuthResets {
  const resets = opened.adopt(
    new AuthResets({
      ...deps,
      containers: (place) => openContainers(place, { environment, kill }),
      hasUsage: ({ provider, credential }) => providers.get(provider)?.usageEndpoint?.covers(credential) === true,
      mayProbe: ({ provider, credential }) => (providers.get(provider)?.probe?.(credential, anyModel) ?? null) !== null,
    }),
    (each) => each.stop(),
  );
  resets.start();
  return resets;
}
