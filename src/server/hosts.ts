/** Names and addresses that the server listens on. */

/** Names of this machine for itself, as Host headers have them. */
export const LOOPBACK_HOSTS: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** A host as addresses and Host headers have it. */
export function hostInAddress(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** True for what only this machine can reach. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_HOSTS.includes(hostInAddress(host));
}

/** True for what means every network of this machine. */
export function isWildcard(host: string): boolean {
  return ['0.0.0.0', '::'].includes(host);
}
