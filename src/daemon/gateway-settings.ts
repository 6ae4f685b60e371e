import { localTimeZone } from '../lib/local-time-zone.ts';
import type { Config } from '../config/config-schema.ts';
import { secondMs } from '../core/time.ts';
import type { GatewaySettings } from '../gateway/ports.ts';
import type { Network } from './network.ts';

/** What config.toml says of the gateway, in its own units: at each moment what acts then. */
export function gatewaySettings(current: () => Config, { tls }: Network): GatewaySettings {
  const mebibyte = 1024 * 1024;
  const { bodyLimitMiB, bodiesInFlightMiB } = current().gateway;
  return {
    bodyLimitBytes: bodyLimitMiB * mebibyte,
    bodiesInFlightBytes: bodiesInFlightMiB * mebibyte,
    get headTimeoutMs() {
      const { streamed, whole } = current().gateway.headTimeoutSeconds;
      return { streamed: streamed * secondMs, whole: whole * secondMs };
    },
    get idleTimeoutMs() {
      return current().gateway.idleTimeoutSeconds * secondMs;
    },
    get stopGraceMs() {
      return current().gateway.stopGraceSeconds * secondMs;
    },
    tls,
    timeZone: localTimeZone(),
  };
}
