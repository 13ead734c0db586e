import { compare } from '../compare';
import type { Part, PartResult } from '../report';
import { slowness } from '../report';

const FACTORY = 'mutations';

/** Creating a run and changing it 22 times. */
export const mutations: Part = {
  name: 'mutations',
  async run(progress): Promise<PartResult> {
    const rows = [];
    for (const [index, listeners] of [0, 3].entries()) {
      const parameters = { listeners };
      const [run] = await compare({
        base: { name: 'floor', module: 'subjects/floor', factory: FACTORY, parameters },
        candidates: [
          {
            name: `Run, ${listeners} listeners on each event`,
            module: 'subjects/run',
            factory: FACTORY,
            parameters,
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
  'the floor keeps payloads as they are; Run checks and copies input, metadata, output and usage',
];
