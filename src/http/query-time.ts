/** Times in queries: RFC 3339 in UTC, as all times of the interface, to the millisecond that events are stamped with. */
import { Type } from '../domain/schema.js';

export const UTC_TIME_PATTERN = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:[0-5]\\d(\\.\\d{1,3})?Z$';

/** An optional parameter. The pattern leaves out what the format allows beside it: offsets and leap seconds. */
export const queryTime = (description: string) =>
  Type.Optional(
    Type.String({
      format: 'date-time',
      pattern: UTC_TIME_PATTERN,
      description: `${description} UTC, such as 2026-01-31T08:00:00Z.`,
    }),
  );

/** The milliseconds since 1970 of a parameter that was validated. */
export const timeMsOf = (time: string): number => Date.parse(time);
