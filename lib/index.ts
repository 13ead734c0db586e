/** One object that records one execution of an AI agent.
 * @packageDocumentation
 */
export { Sample } from './sample';
export type { SampleEvents } from './sample';
