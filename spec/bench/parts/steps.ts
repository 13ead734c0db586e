import { compare } from '../compare';
import type { Part, PartResult } from '../report';
import { slowness } from '../report';

/** What a step costs that nobody hears. */
export const steps: Part = {
  name: 'steps',
  async run(progress): Promise<PartResult> {
    const [byHand, around] = await compare({
      base: { name: 'a turn', module: 'subjects/run', factory: 'turns' },
      candidates: [
        { name: 'a step, started and ended', module: 'subjects/run', factory: 'steps' },
        { name: 'a step around a function, awaited', module: 'subjects/run', factory: 'functionSteps' },
      ],
      progress,
    });
    return {
      title: 'A step that nobody hears, against a turn',
      rows: [slowness(byHand!, 'a turn', { atMost: 5 }), slowness(around!, 'a turn')],
      notes: ['a step around a function makes a promise, and has its function find it by AsyncLocalStorage'],
    };
  },
};
