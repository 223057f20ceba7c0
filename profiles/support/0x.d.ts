/** The part of 0x that is used: it draws a flame graph of a `.cpuprofile`, and brings no types of its own. */
declare module '0x' {
  interface Options {
    /** The profile, below `workingDir`; the page is written beside it. */
    visualizeCpuProfile: string;
    workingDir: string;
    title: string;
    /** Of the page, without `.html`. */
    name: string;
  }
  /** Resolves with the url of the page. */
  const zeroEks: (options: Options) => Promise<string>;
  export = zeroEks;
}
