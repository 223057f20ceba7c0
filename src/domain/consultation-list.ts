/** Lists of consultations: what they can be asked for, what they show, and their order. */
import type { ConsultationHead, UrgencyLevel } from './consultation-head.js';

export type ConsultationStatus = 'active' | 'committed';

/** Which consultations; a member that is left out asks for nothing. */
export interface ListFilter {
  /** Who started it. */
  userId?: string;
  status?: ConsultationStatus;
  /** The newest classification; `null` for none, be it that there never was one or that it was reset since. */
  urgency?: UrgencyLevel | null;
  /** Started at this time or later, in milliseconds since 1970. */
  fromMs?: number;
  /** Started before this time. */
  toMs?: number;
}

/**
 * Where a consultation stands in a list: when it was started, and its id among those of the same millisecond. It
 * stays there for good.
 */
export interface ListPlace {
  createdMs: number;
  consultationId: string;
}

/** What a list shows of a consultation. The version is the number of its events as well. */
export interface ConsultationSummary extends ListPlace {
  userId: string;
  status: ConsultationStatus;
  urgency: UrgencyLevel | null;
  updatedMs: number;
  version: number;
}

/** Whether a place comes before another one in a list, newest first. */
export function isNewer(a: ListPlace, b: ListPlace): boolean {
  return a.createdMs > b.createdMs || (a.createdMs === b.createdMs && a.consultationId > b.consultationId);
}

/** The head knows all that a list shows. */
export function summaryOf(head: ConsultationHead): ConsultationSummary {
  const { consultationId, userId, urgency, createdMs, updatedMs, version, isCommitted } = head;
  const status = isCommitted ? 'committed' : 'active';
  return { consultationId, userId, status, urgency, createdMs, updatedMs, version };
}

/** Whether a filter takes a consultation. */
export function isListed(summary: ConsultationSummary, filter: ListFilter): boolean {
  const { userId, status, urgency, fromMs, toMs } = filter;
  return (
    (userId === undefined || summary.userId === userId) &&
    (status === undefined || summary.status === status) &&
    (urgency === undefined || summary.urgency === urgency) &&
    (fromMs === undefined || summary.createdMs >= fromMs) &&
    (toMs === undefined || summary.createdMs < toMs)
  );
}
