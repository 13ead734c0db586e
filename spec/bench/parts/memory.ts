import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Part, PartResult, Row } from '../report';
import { spreadOf } from '../statistics';

const KINDS = [
  { kind: 'fresh', what: 'a fresh run', figure: { atMost: 400 } },
  { kind: 'used', what: 'after usage updates', figure: { atMost: 450 } },
  { kind: 'listened', what: 'after usage updates, with three listeners', figure: { atMost: 650 } },
] as const;

const TIMES = 3;

/** What a live run takes of the heap. */
export const memory: Part = {
  name: 'memory',
  run(progress): Promise<PartResult> {
    const rows: Row[] = KINDS.map(({ kind, what, figure }, index) => {
      progress(index / 4);
      return { what, against: 'bytes', value: spreadOf(measure(kind)), unit: 'B', figure };
    });
    const actors = measure('xstate');
    const fresh = rows[0]!.value.median;
    rows.push({ what: 'xstate actor, fresh', against: 'bytes', value: spreadOf(actors), unit: 'B' });
    rows.push({
      what: 'a fresh run',
      against: 'xstate actor',
      value: spreadOf(actors.map((bytes) => fresh / bytes)),
      figure: { atMost: 0.1 },
    });
    return Promise.resolve({
      title: 'Memory of one live run, its id included, beyond its payloads',
      rows,
      notes: [],
    });
  },
};

function measure(kind: string): number[] {
  const script = join(__dirname, '../memory-worker.js');
  return Array.from({ length: TIMES }, () =>
    Number(execFileSync(process.execPath, ['--expose-gc', script, kind], { encoding: 'utf8' })),
  );
}
