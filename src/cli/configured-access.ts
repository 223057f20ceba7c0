/** Who is let in, as the settings say. */
import type { Authenticator } from '../domain/access.js';
import type { Logger } from '../ops/logger.js';
import type { Settings } from '../ops/settings-table.js';

/** `undefined` with FI_AUTH=off. Throws CREDENTIAL_FILE_DAMAGED if a file of keys cannot be used. */
export async function openConfiguredAccess(
  settings: Settings,
  logger: Logger,
): Promise<Authenticator | undefined> {
  const { auth, dataDir } = settings;
  const onProblem = (err: unknown): void => {
    logger.error({ err }, 'a file of keys was changed and cannot be used; what held before still holds');
  };
  // Each is loaded only if it is asked for.
  if (auth === 'keys') {
    const { openKeyAuthenticator } = await import('../access/key-authenticator.js');
    return openKeyAuthenticator({ dataDir, onProblem });
  }
  if (auth === 'jwt') {
    const { openJwtAuthenticator } = await import('../access/jwt-authenticator.js');
    return openJwtAuthenticator({
      issuer: settings.jwtIssuer,
      audience: settings.jwtAudience,
      jwksFile: settings.jwtJwksFile,
      subjectClaim: settings.jwtSubjectClaim,
      roleClaim: settings.jwtRoleClaim,
      onProblem,
    });
  }
  return undefined;
}
