import { Sample } from 'agent-run';

const sample = new Sample();
sample.on('counted', ({ count }) => {
  console.log(`counted ${count}`);
});
sample.add();
