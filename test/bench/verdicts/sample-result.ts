/** A result of a benchmark that was never run, with the rows that a test needs. */
import { latency, newHistogram } from '../../../bench/harness/measures.js';
import {
  type BenchmarkResult,
  type CaseResult,
  checkedResult,
  SCHEMA_VERSION,
} from '../../../bench/harness/result.js';

export function sampleResult(benchmark: string, cases: CaseResult[]): BenchmarkResult {
  const calibration: BenchmarkResult['calibration']['before'] = {
    sha256_per_second: 1,
    json_per_second: 1,
    fsync: latency(newHistogram()).uncorrected,
    write_mb_per_second: 1,
    load: [0, 0, 0],
  };
  return checkedResult({
    schema_version: SCHEMA_VERSION,
    benchmark,
    title: benchmark,
    question: 'How many?',
    command: `npm run bench:${benchmark}`,
    size: 'full',
    seed: 1,
    duration_seconds: 1,
    started_at: '2026-01-01T00:00:00.000Z',
    commit: { hash: 'abc', dirty: false },
    machine: {
      cpu: 'c',
      cores: 2,
      memory_bytes: 2 ** 30,
      kernel: 'k',
      os: 'o',
      file_system: 'ext4',
      node: 'v20',
    },
    settings: {},
    calibration: { before: calibration, after: calibration },
    cases,
    derived: {},
    checks: [],
    findings: [],
    charts: [],
    tables: [],
  });
}
