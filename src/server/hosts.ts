/** Names and addresses that the server listens on. */

import { UsageError } from '../core/errors.js';

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

/** A path below which a proxy serves the page: '' for none, else with a slash at its beginning and none at its end. */
export type BasePath = string;

/** @throws UsageError unless it is a path */
export function parseBasePath(text: string): BasePath {
  const path = text.replace(/\/+$/, '');
  if (path === '' || /^(\/[\w.~%-]+)+$/.test(path)) return path;
  throw new UsageError({ what: 'Wrong --base-path', received: text, expected: 'a path such as /user/ann/deepem' });
}

/** @throws UsageError unless it is a name without scheme, port and path */
export function parseHostName(text: string): string {
  if (/^[\w.-]+$|^\[[0-9a-f:]+\]$/i.test(text)) return text.toLowerCase();
  throw new UsageError({
    what: 'Wrong --allow-host',
    received: text,
    expected: 'the name by which browsers reach the proxy, such as hub.example.org',
  });
}
