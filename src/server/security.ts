/**
 * Who may talk to the server. It listens on this machine only, and any page that a browser shows on this machine could try to talk
 * to it: so every request needs the token, must name this machine as its host (DNS rebinding), and must not come from another
 * site's page.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { type BasePath, hostInAddress, isLoopback, isWildcard, LOOPBACK_HOSTS } from './hosts.js';

const POLICY = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "style-src 'self' 'unsafe-inline'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** Who may ask, and where the page is. */
export interface GuardOptions {
  readonly token: string;
  /** As given to --host; unless it is this machine alone, its name in the network is allowed too. */
  readonly host: string;
  /** Names of proxies, by which browsers reach the page. */
  readonly allowed: readonly string[];
  /** Path below which a proxy serves the page. */
  readonly basePath: BasePath;
}

/** Lets through what carries the token and comes from the page itself. */
export function guard({ token, host, allowed, basePath }: GuardOptions): MiddlewareHandler {
  const network = isLoopback(host) ? [] : [hostInAddress(host), hostname().toLowerCase()];
  // Whatever the port: users reach this machine through `ssh -L` under another one.
  const names = [...LOOPBACK_HOSTS, ...network, ...allowed];
  const cookie = `deepem-${createHash('sha256').update(token).digest('hex').slice(0, 12)}`;
  return async (c, next) => {
    c.header('Content-Security-Policy', POLICY);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
    c.header('Cross-Origin-Resource-Policy', 'same-origin');
    c.header('Cross-Origin-Opener-Policy', 'same-origin');
    const requested = c.req.header('host') ?? '';
    const name = hostName(requested);
    if (!names.includes(name) && !(isWildcard(host) && isAddress(name))) {
      return c.json({ error: `Wrong host: received "${requested.slice(0, 80)}"; expected ${names.join(' or ')}` }, 403);
    }
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site') ?? 'none';
    const opens = c.req.path === '/' && c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate';
    const foreign = origin !== undefined && !isOwn(origin, requested, allowed);
    if (foreign || (!opens && !['same-origin', 'none'].includes(site))) {
      return c.json({ error: 'Requests of other sites are refused' }, 403);
    }
    const asked = c.req.query('token');
    if (c.req.path === '/' && asked !== undefined && equal(asked, token)) {
      setCookie(c, cookie, token, { httpOnly: true, sameSite: 'Strict', path: `${basePath}/` });
      // Not a redirect: after one, a browser that comes from a link on another site would not send the cookie.
      return c.html('<!doctype html><meta http-equiv="refresh" content="0;url=./"><title>deepem</title>');
    }
    const bearer = c.req.header('authorization')?.replace(/^Bearer /i, '');
    if (equal(bearer ?? getCookie(c, cookie) ?? '', token)) return next();
    const text = 'The token is missing or wrong: open the address that deepem serve has printed';
    return c.req.path === '/' ? c.text(text, 401) : c.json({ error: text }, 401);
  };
}

/** A Host header without its port. */
function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

/** An address instead of a name: no name server can rebind it. */
function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** A proxy may put another name into the Host header: a page that it serves is known by its name. */
function isOwn(origin: string, host: string, allowed: readonly string[]): boolean {
  try {
    const { host: from, hostname: name } = new URL(origin);
    return from === new URL(`http://${host}`).host || allowed.includes(name);
  } catch {
    return false;
  }
}

/** Compares without telling by its time how much agrees. */
function equal(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
