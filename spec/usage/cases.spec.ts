import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunError } from 'agent-run';
import { Run } from 'agent-run';
import type { RecordOptions, UsageMeterOptions } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';

/** A payload as a producer sends it, and what is to be made of it. */
interface Case {
  readonly family: string;
  readonly name: string;
  readonly meter: UsageMeterOptions;
  readonly records: readonly { readonly payload: unknown; readonly options?: RecordOptions }[];
  readonly expect: {
    readonly tokenUsage?: Readonly<Record<string, number>>;
    readonly absent?: readonly string[];
    readonly costUsd?: number | null;
    readonly unpriced?: boolean;
    readonly refused?: boolean;
    readonly orRefused?: boolean;
  };
}

/** Payloads of many producers; in `others.json` those that are of no family, and what must be refused. */
const CASES = ['cases.json', 'others.json'].flatMap(
  (file) => JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'usage', file), 'utf8')) as Case[],
);

/** Records the payloads in order; the last error, where one is refused. */
function recordAll({ records, meter: options }: Case): { run: Run; refused: RunError | null } {
  const run = new Run({ sessionId: 'session-1' });
  const meter = new UsageMeter(run, options);
  for (const { payload, options: given } of records) {
    const before = JSON.stringify(run);
    try {
      meter.record(payload, given);
    } catch (error) {
      expect(JSON.stringify(run)).toBe(before);
      return { run, refused: error as RunError };
    }
  }
  return { run, refused: null };
}

describe.each([...new Set(CASES.map(({ family }) => family))])('payloads: %s', (family) => {
  it.each(CASES.filter((entry) => entry.family === family).map((entry) => [entry.name, entry] as const))(
    '%s',
    (_name, entry) => {
      const { expect: expected } = entry;
      const { run, refused } = recordAll(entry);
      if (refused !== null) {
        expect(refused).toMatchObject({ code: 'validation_error' });
        expect(expected.refused ?? expected.orRefused ?? refused.message).toBe(true);
        return;
      }
      expect(expected.refused ?? false).toBe(false);
      expect(run.tokenUsage).toMatchObject(expected.tokenUsage ?? {});
      for (const name of expected.absent ?? []) expect(run.tokenUsage).not.toHaveProperty(name);
      const unpriced = run.tokenUsage.unpriced_requests ?? 0;
      if (expected.unpriced !== undefined) expect(unpriced > 0).toBe(expected.unpriced);
      if (expected.costUsd === null) expect(run.costUsd).toBeNull();
      else if (expected.costUsd !== undefined) expect(run.costUsd).toBeCloseTo(expected.costUsd, 9);
    },
  );
});
