import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunError, RunJSON, RunStatus, ValidationIssue } from 'agent-run';
import { Run } from 'agent-run';
import { refusalOf } from '../support/refusal-of';

type Json = Record<string, unknown>;

interface Case {
  readonly name: string;
  readonly new?: Json;
  readonly operations?: readonly (readonly [name: keyof typeof OPERATIONS, argument?: unknown])[];
  readonly from_map?: Json;
  readonly to_map?: Json;
  readonly error?: { readonly code: string; readonly message?: string };
}

const OPERATIONS = {
  update_status: (run: Run, status: unknown) => run.updateStatus(status as RunStatus),
  set_output: (run: Run, output: unknown) => run.setOutput(output as never),
  set_error: (run: Run, error: unknown) => run.setError(error as object),
  increment_turn: (run: Run) => run.incrementTurn(),
  update_token_usage: (run: Run, usage: unknown) => run.updateTokenUsage(usage as object),
};

/** Where this package answers otherwise than the reference, on purpose. */
const DEPARTURES: Readonly<Record<string, Partial<Case>>> = {
  'optional keys absent': { error: { code: 'validation_error', message: 'ended_at is required' } },
  'an unknown key': { to_map: { later_addition: 1 } },
};

/** What the reference calls a field that is wrong, where it is not the field's name. */
const FIELDS: Readonly<Record<string, string>> = { datetime: 'started_at' };

const { skip } = it;

describe.each([
  { whose: 'generated here', folder: join(__dirname, '../fixtures/vectors'), departures: {} },
  {
    whose: 'of the reference',
    folder: join(__dirname, '../../../shared/vectors'),
    departures: DEPARTURES,
  },
])('The vectors $whose', ({ folder, departures }) => {
  const itWithVectors = existsSync(folder) ? it : skip;
  const casesOf = (file: string): [string, Case][] =>
    existsSync(folder)
      ? (JSON.parse(readFileSync(join(folder, file), 'utf8')) as Case[]).map((known) => [known.name, known])
      : [['(not beside this checkout)', { name: '' }]];

  describe('operations.json', () => {
    itWithVectors.each(casesOf('operations.json'))(
      '%s',
      (_name, { new: given, operations = [], ...expected }) => {
        const make = (): Run => new Run(attributesOf(given ?? {}));
        if (expected.to_map === undefined) {
          expectRefusal(refusalOf(make), expected.error);
          return;
        }
        const run = make();
        const steps = operations.map(
          ([name, argument]) =>
            () =>
              OPERATIONS[name](run, argument),
        );
        const last = expected.error === undefined ? undefined : steps.pop();
        for (const step of steps) step();
        if (last !== undefined) expectRefusal(refusalOf(last), expected.error);
        expectRecord(run, expected.to_map);
      },
    );
  });

  describe('from_map.json', () => {
    itWithVectors.each(casesOf('from_map.json'))('%s', (name, { from_map: given, ...expected }) => {
      const departure = departures[name] ?? {};
      const error = departure.error ?? expected.error;
      if (error !== undefined) {
        expectRefusal(
          refusalOf(() => Run.fromJSON(given)),
          error,
        );
        return;
      }
      const run = Run.fromJSON(given);
      expectRecord(run, { ...expected.to_map, ...departure.to_map });
      expectRecord(Run.fromJSON(JSON.parse(JSON.stringify(run))), {
        ...expected.to_map,
        ...departure.to_map,
      });
    });
  });
});

function attributesOf({ session_id: sessionId, ...others }: Json): { sessionId: string } {
  return { sessionId, ...others } as { sessionId: string };
}

function expectRefusal(error: RunError, expected: Case['error']): void {
  expect(error.code).toBe(expected?.code);
  if (expected?.message === undefined) return;
  const [, word = ''] = /^(?:Invalid )?(\w+)/.exec(expected.message) ?? [];
  const paths = (error.details['issues'] as ValidationIssue[]).map(({ path }) => path);
  expect(paths.map((path) => (path === 'sessionId' ? 'session_id' : path))).toContain(FIELDS[word] ?? word);
}

function expectRecord(run: Run, expected: Json): void {
  // The reference does not say when a run went to `running`.
  const written = { ...(JSON.parse(JSON.stringify(run)) as RunJSON & Json) };
  Reflect.deleteProperty(written, 'running_at');
  expect(comparable(written, written)).toEqual(comparable(expected, written));
}

/** Times as microseconds, and the placeholders as what they stand for. */
function comparable(record: Json, written: RunJSON): Json {
  const copy = Object.assign(Object.create(null) as Json, Object.fromEntries(Object.entries(record)));
  if (record['id'] === '<id>') {
    expect(written.id).toMatch(/^run_[0-9a-f]{32}$/);
    copy['id'] = written.id;
  }
  for (const key of ['started_at', 'ended_at'] as const) {
    const text = record[key] === '<time>' ? written[key] : record[key];
    copy[key] = text === null ? null : microsecondsOf(text);
  }
  return copy;
}

function microsecondsOf(text: unknown): number {
  const [, date = '', fraction = '', zone = ''] =
    /^(.{19})(?:\.(\d{1,6}))?(Z|.{6})$/.exec(String(text)) ?? [];
  const micros = Date.parse(date + zone) * 1000 + Number(fraction.padEnd(6, '0'));
  if (!Number.isSafeInteger(micros)) throw new Error(`No time: ${String(text)}`);
  return micros;
}
