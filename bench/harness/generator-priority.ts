/**
 * Lets a load generator go before others for a processor, as if it had one of its own: it must send when a request is due,
 * and on a small machine the service under test would keep it from that. What it costs the service is its client's time, which
 * on a machine of its own it would not have to give.
 *
 * On Linux a priority is that of the thread that asks, and only who may raise it can (root, CAP_SYS_NICE). Elsewhere the
 * generator is as others, and a run in which it fell behind is invalid.
 */
import { getPriority, setPriority } from 'node:os';

const NICE = -10;

/** Goes first until what it returns is called. */
export function goFirst(): () => void {
  try {
    const before = getPriority();
    setPriority(NICE);
    return () => setPriority(before);
  } catch {
    return () => undefined;
  }
}

/** For a process that was started meanwhile and is no generator: it has inherited what it should not have. */
export function asOthers(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, 0);
  } catch {
    // It is gone already, or never had more than others.
  }
}
