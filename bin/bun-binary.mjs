import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Finds the Bun binary that npm installed beside Stint, as an absolute path, or undefined when npm left it out
 * (`--omit=optional`, an unsupported platform).
 */
export function findBunBinary(platform = process.platform, arch = process.arch) {
  const require = createRequire(import.meta.url);
  for (const name of candidates(platform, arch)) {
    try {
      const folder = dirname(require.resolve(`@oven/${name}/package.json`));
      const binary = join(folder, 'bin', 'bun');
      if (existsSync(binary)) return binary;
    } catch {
      // That build is not installed: the next candidate may be.
    }
  }
  return undefined;
}

function candidates(platform, arch) {
  const cpu = { x64: 'x64', arm64: 'aarch64' }[arch];
  if (cpu === undefined) return [];
  // x64 Node on a Mac is often Rosetta, which offers no AVX2 before macOS 15.
  if (platform === 'darwin') return cpu === 'x64' ? ['bun-darwin-x64-baseline'] : ['bun-darwin-aarch64'];
  if (platform !== 'linux') return [];
  // npm installs the build of the machine's own libc; the order matters only where both were forced in.
  const libcs = existsSync('/etc/alpine-release') ? ['-musl', ''] : ['', '-musl'];
  const builds = cpu !== 'x64' ? [''] : hasAvx2() ? ['', '-baseline'] : ['-baseline'];
  return libcs.flatMap((libc) => builds.map((build) => `bun-linux-${cpu}${libc}${build}`));
}

function hasAvx2() {
  try {
    return /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}
