/** First in, first out, in constant time: Array.shift moves all that is left. */

/** Places of taken items are cut off once there are this many, and more than are left. */
const CUT_MIN = 1024;

export class Fifo<T extends object> {
  private items: (T | undefined)[] = [];
  private taken = 0;

  get size(): number {
    return this.items.length - this.taken;
  }

  get first(): T | undefined {
    return this.items[this.taken];
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    const item = this.items[this.taken];
    if (item === undefined) return undefined;
    // What was taken is not held on to: it may be a body of a mebibyte.
    this.items[this.taken] = undefined;
    this.taken += 1;
    if (this.taken === this.items.length) {
      this.items = [];
      this.taken = 0;
    } else if (this.taken > CUT_MIN && this.taken * 2 > this.items.length) {
      this.items = this.items.slice(this.taken);
      this.taken = 0;
    }
    return item;
  }
}
