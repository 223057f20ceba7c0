/** What ends a process that serves: a signal, or something without which it can keep its promises no longer. */
export class StopReason {
  /** Whatever ended it, a failure that came before, or came while it was stopping, is the one that counts. */
  failure: Error | undefined;
  isSignalled = false;
  private stop: () => void = () => {};
  private signal: () => void = () => {};
  readonly arrived = new Promise<void>((resolve) => {
    this.stop = resolve;
  });
  readonly signalArrived = new Promise<void>((resolve) => {
    this.signal = resolve;
  });

  signalled = (): void => {
    this.isSignalled = true;
    this.signal();
    this.stop();
  };
  failed = (error: Error): void => {
    this.failure ??= error;
    this.stop();
  };
}
