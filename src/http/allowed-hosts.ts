/**
 * Which names the service may be asked for under (the `Host` header).
 *
 * The service listens on loopback, but a browser on the same machine visits pages from anywhere. Such a page can
 * have its own name point to 127.0.0.1 ("DNS rebinding") and is then, for the browser, of the same origin as the
 * service. Its requests still carry that name, and so they are told apart. An address instead of a name cannot be
 * pointed elsewhere, and is always allowed.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** A function that says whether a `Host` (a name or an address, with or without a port) is one of ours. */
export function hostCheck(names: readonly string[]): (host: string) => boolean {
  const allowed = new Set(names.map((name) => name.toLowerCase()));
  let lastAllowed: string | undefined;
  return (host) => {
    // Nearly every request has the same host as the one before it.
    if (host === lastAllowed) return true;
    const name = nameOf(host);
    if (name === undefined || !(isOfThisMachine(name) || isAddress(name) || allowed.has(name))) return false;
    lastAllowed = host;
    return true;
  };
}

/** The name without the port, in lower case and without the dot that may end it; undefined if it is none. */
function nameOf(host: string): string | undefined {
  const name = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/i.exec(host)?.[1];
  return name?.toLowerCase().replace(/\.$/, '');
}

/** The names that never leave this machine (RFC 6761, section 6.3). */
function isOfThisMachine(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

function isAddress(name: string): boolean {
  return name.startsWith('[') ? isIPv6(name.slice(1, -1)) : isIPv4(name);
}
