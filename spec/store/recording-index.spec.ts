import { RecordingIndex } from '../../lib/store/recording-index';
import type { RunRecording } from '../../lib/store/run-recording';

/** All that the index looks at. */
function recordingOf(rowId: string): RunRecording {
  return { rowId } as RunRecording;
}

describe('RecordingIndex', () => {
  it('keeps each recording once, under the id of its run', () => {
    const index = new RecordingIndex();
    const [one, twin, other] = [recordingOf('one'), recordingOf('one'), recordingOf('other')];
    for (const recording of [one, twin, other, twin, one]) index.add(recording);
    expect(index.of('one')).toEqual([one, twin]);
    expect(index.of('one')[1]).toBe(twin);
    expect(index.of('none')).toEqual([]);
    expect(index.all()).toHaveLength(3);
  });

  it('removes one recording, and not its twin', () => {
    const index = new RecordingIndex();
    const [one, twin] = [recordingOf('one'), recordingOf('one')];
    index.add(one);
    index.add(twin);
    index.remove(one);
    index.remove(one);
    expect(index.of('one')[0]).toBe(twin);
    expect(index.of('one')).toHaveLength(1);
    index.remove(recordingOf('none'));
    expect(index.isEmpty).toBe(false);
    index.remove(twin);
    expect(index.isEmpty).toBe(true);
    expect(index.all()).toEqual([]);
  });
});
