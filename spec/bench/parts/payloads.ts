import { compare } from '../compare';
import type { Figure, Part, PartResult, Row } from '../report';
import { slowness } from '../report';
import type { SubjectAddress } from '../subject';

const KB = 1024;
const MB = 1024 * KB;

/** What one row compares. */
interface Pairing {
  readonly base: SubjectAddress;
  readonly candidate: SubjectAddress;
  readonly figure: Figure;
}

/** Taking payloads in, and writing and reading records that have large ones. */
export const payloads: Part = {
  name: 'payloads',
  async run(progress): Promise<PartResult> {
    const rows: Row[] = [];
    for (const [index, { base, candidate, figure }] of PAIRINGS.entries()) {
      const [compared] = await compare({
        base,
        candidates: [candidate],
        progress: (share) => progress((index + share) / PAIRINGS.length),
      });
      rows.push(slowness(compared!, base.name, figure));
    }
    return { title: 'Payloads', rows, notes: NOTES };
  },
};

const PAIRINGS: readonly Pairing[] = [
  ...[KB, 100 * KB, 5 * MB].map((bytes) => ({
    base: subject('JSON.stringify of it', 'stringify', bytes),
    candidate: subject(`check and copy, ${sized(bytes)}`, 'takeIn', bytes),
    figure: { atMost: 1.2 },
  })),
  {
    base: subject('1 KB', 'toJson', KB),
    candidate: subject('toJSON, output of 5 MB', 'toJson', 5 * MB),
    figure: { atMost: 1.2 },
  },
  {
    base: subject('1 KB', 'fromJson', KB),
    candidate: subject('fromJSON, output of 5 MB', 'fromJson', 5 * MB),
    figure: { atMost: 1.2 },
  },
  {
    base: subject('the record as a plain object', 'stringifyPlain', 100 * KB),
    candidate: subject('JSON.stringify(run), output of 100 KB', 'stringifyRun', 100 * KB),
    figure: { atMost: 1.1 },
  },
];

const NOTES = [
  'check and copy: an assignment to `metadata`; it leaves a copy, JSON.stringify a text',
  'class-transformer and class-validator used plainly walk the payload both ways: see lifecycle',
];

function subject(name: string, factory: string, bytes: number): SubjectAddress {
  return { name, module: 'subjects/payloads', factory, parameters: { bytes } };
}

function sized(bytes: number): string {
  return bytes < MB ? `${bytes / KB} KB` : `${bytes / MB} MB`;
}
