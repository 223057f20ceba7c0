/** The places of a journal's events: 8 bytes of memory an event. */
export class EventPlaces {
  private offsets: Uint32Array = new Uint32Array(1024);
  private lengths: Uint32Array = new Uint32Array(1024);
  count = 0;

  add(offset: number, length: number): void {
    if (this.count === this.offsets.length) {
      this.offsets = EventPlaces.grown(this.offsets);
      this.lengths = EventPlaces.grown(this.lengths);
    }
    this.offsets[this.count] = offset;
    this.lengths[this.count] = length;
    this.count += 1;
  }

  offset(index: number): number {
    return this.offsets[index] as number;
  }

  length(index: number): number {
    return this.lengths[index] as number;
  }

  private static grown(array: Uint32Array): Uint32Array {
    const larger = new Uint32Array(array.length * 2);
    larger.set(array);
    return larger;
  }
}
