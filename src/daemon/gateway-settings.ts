import { localTimeZone } from '../lib/local-time-zone.ts';
import type { Config } from '../config/config-schema.ts';
import { secondMs } from '../core/time.ts';
import type { GatewaySettings } from '../gateway/ports.ts';
import type { Network } from './network.ts';

/** What config.toml says of the gateway, in its own units. */
export function gatewaySettings({ gateway }: Config, { tls }: Network): GatewaySettings {
  const mebibyte = 1024 * 1024;
  return {
    bodyLimitBytes: gateway.bodyLimitMiB * mebibyte,
    bodiesInFlightBytes: gateway.bodiesInFlightMiB * mebibyte,
    headTimeoutMs: {
      streamed: gateway.headTimeoutSeconds.streamed * secondMs,
      whole: gateway.headTimeoutSeconds.whole * secondMs,
    },
    idleTimeoutMs: gateway.idleTimeoutSeconds * secondMs,
    stopGraceMs: gateway.stopGraceSeconds * secondMs,
    tls,
    timeZone: localTimeZone(),
  };
}
