/** How a cost grows with the size of something. */
import type { Compared } from './compare';
import { compare } from './compare';
import type { Curve, Row } from './report';
import { slopeOf } from './statistics';
import type { SubjectAddress } from './subject';

/** One way to grow. */
export interface Growth {
  /** What the table calls it: `an update of usage`. */
  readonly name: string;
  readonly title: string;
  readonly sizes: string;
  readonly costs: string;
  /** From the smallest, which the others are compared with. */
  readonly steps: readonly number[];
  readonly subjectOf: (size: number) => SubjectAddress;
  /** The cost that the plot shows, of nanoseconds for one piece of work at a size. */
  readonly costOf: (nanoseconds: number, size: number) => number;
  /** For the largest size against the smallest. */
  readonly figure?: { readonly atMost: number } | undefined;
}

/** A curve, and a row that holds its ends against each other. */
export interface Grown {
  readonly curve: Curve;
  readonly row: Row;
}

/** Compares each size with the smallest. */
export async function grow(growth: Growth, progress: (share: number) => void): Promise<Grown> {
  const { title, sizes, costs, steps, subjectOf, costOf } = growth;
  const [smallest, ...others] = steps as [number, ...number[]];
  const compared = await compare({
    base: subjectOf(smallest),
    candidates: others.map(subjectOf),
    rounds: 9,
    progress,
  });
  const first = { size: smallest, cost: costOf(compared[0]!.baseNanoseconds, smallest) };
  const points = others.map((size, index) => {
    const { ratio, baseNanoseconds } = compared[index]!;
    return { size, cost: costOf(ratio.median * baseNanoseconds, size) };
  });
  const all = [first, ...points];
  const curve = { title, sizes, costs, points: all, slope: slopeOf(all) };
  return { curve, row: largestRow(growth, compared.at(-1)!) };
}

/** The largest size against the smallest. */
function largestRow({ name, sizes, steps, costOf, figure }: Growth, { ratio }: Compared): Row {
  const [smallest, largest] = [steps[0]!, steps.at(-1)!];
  const factor = costOf(1, largest) / costOf(1, smallest);
  const { lower, median, upper } = ratio;
  return {
    what: `${name}: ${largest.toLocaleString('en')} ${sizes}`,
    against: `${smallest.toLocaleString('en')} ${sizes}`,
    value: { lower: lower * factor, median: median * factor, upper: upper * factor },
    ...(figure && { figure }),
  };
}
