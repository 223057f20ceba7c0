/** Credentials for tests that are about what a role may do, and not about how it is proven: `Bearer subject:role`. */
import type { Authenticator, Role } from '../../src/domain/access.js';
import { CodedError } from '../../src/domain/errors.js';

export const trustingAuthenticator: Authenticator = {
  authenticate(authorization) {
    const [, subject, role] = /^Bearer (.+):(.+)$/.exec(authorization ?? '') ?? [];
    if (subject === undefined) throw new CodedError('CREDENTIALS_MISSING', 'There are none.');
    return { subject, role: role as Role, credential: `key:${subject}` };
  },
  close: async () => {},
};

export function as(subject: string, role: Role): { authorization: string } {
  return { authorization: `Bearer ${subject}:${role}` };
}
