/** A conversation of ten turns, as LangGraph's `PostgresSaver` keeps it: a checkpoint before, after, and for each. */
import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import type { Living } from '../subjects/durable';
import { atOnce } from '../subjects/durable';
import type { Subject } from '../subject';
import { INPUT, METADATA, OUTPUT, USAGE } from '../work';

const CHECKPOINTS = 12;

/** A piece of work is so many lives at once. */
export async function lives({ url, runs, turns }: Living): Promise<Subject> {
  const saver = PostgresSaver.fromConnString(url);
  await saver.setup();
  return { ...atOnce(runs, (life) => keep(saver, `thread-${life}`, turns)), close: () => saver.end() };
}

async function keep(saver: PostgresSaver, thread: string, turns: number): Promise<void> {
  let config: object = { configurable: { thread_id: thread, checkpoint_ns: '' } };
  for (let step = 0; step < turns + CHECKPOINTS - 10; step++) {
    const channel = step === 0 ? 'input' : step > turns ? 'output' : 'usage';
    const value = step === 0 ? { ...INPUT, ...METADATA } : step > turns ? OUTPUT : { turn: step, ...USAGE };
    const versions = { [channel]: step + 1 };
    const checkpoint = {
      ...emptyCheckpoint(),
      id: uuid6(step),
      channel_values: { [channel]: value },
      channel_versions: versions,
    };
    config = await saver.put(config, checkpoint, { source: 'loop', step, parents: {} }, versions);
  }
}
