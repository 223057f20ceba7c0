/** The part of autocannon that the benchmarks use. */
declare module 'autocannon' {
  export interface Request {
    method: 'POST' | 'GET';
    path: string;
    headers: Record<string, string>;
    body: string;
  }

  export interface Options {
    url: string;
    connections: number;
    /** Seconds. */
    duration: number;
    /** Each connection sends these one after another, over and over. */
    requests: Request[];
  }

  export interface Result {
    requests: { total: number };
    /** Seconds. */
    duration: number;
    '2xx': number;
    non2xx: number;
    errors: number;
    timeouts: number;
  }

  // biome-ignore lint/style/noDefaultExport: the package has one.
  export default function autocannon(options: Options): Promise<Result>;
}
