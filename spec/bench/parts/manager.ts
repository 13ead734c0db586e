import { compare } from '../compare';
import type { Part, PartResult } from '../report';
import { slowness } from '../report';

/** What it costs to have a run under a manager that nobody listens to. */
export const manager: Part = {
  name: 'manager',
  async run(progress): Promise<PartResult> {
    const [managed] = await compare({
      base: {
        name: 'Run',
        module: 'subjects/run',
        factory: 'lifecycle',
        parameters: { listeners: 0 },
      },
      candidates: [
        {
          name: 'Run under a RunManager without store or listeners',
          module: 'subjects/run',
          factory: 'managed',
        },
      ],
      progress,
    });
    return {
      title: 'One life of a run, alone and under a manager',
      rows: [slowness(managed!, 'Run', { atMost: 1.1 })],
      notes: [],
    };
  },
};
