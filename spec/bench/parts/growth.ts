import { compare } from '../compare';
import type { Curve, Part, PartResult, Row } from '../report';
import { spreadOf, slopeOf } from '../statistics';
import type { SubjectAddress } from '../subject';

/** One way to grow. */
interface Growth {
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

const KB = 1024;

const GROWTHS: readonly Growth[] = [
  {
    title: 'an update of usage, by how many the run has had',
    sizes: 'updates before',
    costs: 'ns',
    steps: [10, 100, 1_000, 10_000, 100_000],
    subjectOf: (before) => subject('growth', 'usageAfter', { before }),
    costOf: (nanoseconds) => nanoseconds,
    figure: { atMost: 1.2 },
  },
  {
    title: 'taking a payload in, by its size',
    sizes: 'KB',
    costs: 'ns per KB',
    steps: [1, 10, 100, 1_000, 5_000],
    subjectOf: (size) => subject('payloads', 'takeIn', { bytes: size * KB }),
    costOf: (nanoseconds, size) => nanoseconds / size,
  },
  {
    title: 'an arrival, by how many runs live',
    sizes: 'live runs',
    costs: 'ns',
    steps: [1_000, 10_000, 100_000],
    subjectOf: (runs) => subject('fleet', 'run', { runs }),
    costOf: (nanoseconds) => nanoseconds,
  },
];

/** How costs grow with the work. */
export const growth: Part = {
  name: 'growth',
  async run(progress): Promise<PartResult> {
    const rows: Row[] = [];
    const curves: Curve[] = [];
    for (const [index, grown] of GROWTHS.entries()) {
      const curve = await curveOf(grown, (share) => progress((index + share) / GROWTHS.length));
      curves.push(curve.curve);
      rows.push(curve.largest, slopeRow(curve.curve));
    }
    return { title: 'Growth', rows, curves, notes: NOTES };
  },
};

const NOTES = [
  'an arrival is a turn and an update of usage; one in ten completes its run',
  'slope: of the cost per piece on logarithmic scales, 0 is flat',
  'large payloads and many live runs do not fit the caches of the processor: that, and the collector, is what grows',
];

async function curveOf(
  { title, sizes, costs, steps, subjectOf, costOf, figure }: Growth,
  progress: (share: number) => void,
): Promise<{ curve: Curve; largest: Row }> {
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
  const factor = costOf(1, others.at(-1)!) / costOf(1, smallest);
  const { lower, median, upper } = compared.at(-1)!.ratio;
  const value = { lower: lower * factor, median: median * factor, upper: upper * factor };
  const what = `${title.split(',')[0]!}: ${others.at(-1)!.toLocaleString('en')} ${sizes}`;
  const against = `${smallest.toLocaleString('en')} ${sizes}`;
  const largest = { what, against, value };
  return {
    curve: { title, sizes, costs, points: [first, ...points] },
    largest: figure === undefined ? largest : { ...largest, figure },
  };
}

function slopeRow({ title, points }: Curve): Row {
  return {
    what: `${title.split(',')[0]!}: slope`,
    against: '',
    value: spreadOf([slopeOf(points)]),
    unit: '×',
  };
}

function subject(file: string, factory: string, parameters: object): SubjectAddress {
  return { name: factory, module: `subjects/${file}`, factory, parameters };
}
