/** The `commit_hash` of CONSULTATION_COMMITTED: SHA-256 of the note in RFC 8785 form. */

/**
 * The hash in lower-case hex. Needs `crypto.subtle`, which browsers have on pages of HTTPS and of localhost. The note
 * is JSON: of finite numbers, and texts that are well-formed Unicode.
 */
export async function commitHash(soapData: object): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(soapData));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON.stringify writes numbers and texts as RFC 8785 wants them; what is left is the order of the keys. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // By UTF-16 code units, as the RFC and `<` have it.
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}
