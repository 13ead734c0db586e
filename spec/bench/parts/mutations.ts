import { compare } from '../compare';
import type { Part, PartResult, Row } from '../report';
import { slowness } from '../report';

const FACTORY = 'mutations';

/** Creating a run and changing it 22 times. */
export const mutations: Part = {
  name: 'mutations',
  async run(progress): Promise<PartResult> {
    const rows: Row[] = [];
    for (const [index, listeners] of [0, 3].entries()) {
      const [run] = await compare({
        base: {
          name: 'the floor',
          module: 'subjects/floor',
          factory: FACTORY,
          parameters: { listeners, copies: true },
        },
        candidates: [
          {
            name: `Run, listeners on each event: ${listeners}`,
            module: 'subjects/run',
            factory: FACTORY,
            parameters: { listeners },
          },
        ],
        progress: (share) => progress((index + share) / 3),
      });
      rows.push(slowness(run!, 'the floor', { atMost: 1.3 }));
    }
    const [xstate] = await compare({
      base: { name: 'Run', module: 'subjects/run', factory: FACTORY, parameters: { listeners: 0 } },
      candidates: [{ name: 'xstate actor', module: 'peers/xstate', factory: FACTORY }],
      progress: (share) => progress((2 + share) / 3),
    });
    rows.push(slowness(xstate!, 'Run', { atLeast: 30 }));
    return { title: 'Mutations only: a run created and changed 22 times', rows, notes: NOTES };
  },
};

const NOTES = [
  'the floor checks and copies payloads as Run does; the xstate actor keeps them by reference and checks no count',
];
