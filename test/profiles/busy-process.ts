/** A process whose time goes into one known line, to be found by a profile; it says `ready` and goes on until it is ended. */

function burnProcessorTime(untilMs: number): number {
  let sum = 0;
  while (performance.now() < untilMs) {
    for (let turn = 1; turn < 20_000; turn += 1) sum += Math.sqrt(turn) / Math.cbrt(turn); // the slow line
  }
  return sum;
}

function allocateMuch(): string[] {
  return Array.from({ length: 5000 }, (_, index) => `text ${index} ${'of some length '.repeat(3)}`);
}

setInterval(() => {
  burnProcessorTime(performance.now() + 18);
  allocateMuch();
}, 20);
process.stdout.write('ready\n');
