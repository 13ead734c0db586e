import type { Growth, Grown } from '../growth';
import { grow } from '../growth';
import type { Part, PartResult } from '../report';
import type { SubjectAddress } from '../subject';

const KB = 1024;

const GROWTHS: readonly Growth[] = [
  {
    name: 'an update of usage',
    title: 'an update of usage, by how many the run has had',
    sizes: 'updates before',
    costs: 'ns',
    steps: [10, 100, 1_000, 10_000, 100_000],
    subjectOf: (before) => subject('growth', 'usageAfter', { before }),
    costOf: (nanoseconds) => nanoseconds,
    figure: { atMost: 1.5 },
  },
  {
    name: 'taking a payload in',
    title: 'taking a payload in, by its size',
    sizes: 'KB',
    costs: 'ns per KB',
    steps: [1, 10, 100, 1_000, 5_000],
    subjectOf: (size) => subject('payloads', 'takeIn', { bytes: size * KB }),
    costOf: (nanoseconds, size) => nanoseconds / size,
  },
  {
    name: 'an arrival',
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
    const grown: Grown[] = [];
    for (const [index, growth] of GROWTHS.entries()) {
      grown.push(await grow(growth, (share) => progress((index + share) / GROWTHS.length)));
    }
    const rows = grown.map(({ row }) => row);
    const curves = grown.map(({ curve }) => curve);
    return { title: 'Growth', rows, curves, notes: NOTES };
  },
};

const NOTES = [
  'an arrival is a turn and an update of usage; one in ten completes its run',
  'slope: of the cost per piece on logarithmic scales; 0 is flat, 1 grows with the size',
  'large payloads and many live runs do not fit the caches of the processor: that, and the collector, is what grows',
];

function subject(file: string, factory: string, parameters: object): SubjectAddress {
  return { name: factory, module: `subjects/${file}`, factory, parameters };
}
