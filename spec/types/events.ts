import { Sample } from 'agent-run';

const sample = new Sample();
sample.on('counted', ({ count }) => count.toFixed(0));

// @ts-expect-error a wrong event name does not compile
sample.on('count', () => undefined);
// @ts-expect-error a wrong payload does not compile
sample.emit('counted', { count: 'one' });
