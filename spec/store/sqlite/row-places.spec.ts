import { RowPlaces } from '../../../lib/store/sqlite/row-places';

describe('RowPlaces', () => {
  it('knows the places of late', () => {
    const places = new RowPlaces();
    places.set('run_1', { key: 1, lastPosition: 5 });
    places.set('run_1', { key: 1, lastPosition: 7 });
    expect(places.get('run_1')).toEqual({ key: 1, lastPosition: 7 });
    expect(places.get('run_2')).toBeUndefined();
  });

  it('forgets, so that it stays small', () => {
    const places = new RowPlaces();
    for (let key = 0; key < 50_000; key++) places.set(`run_${key}`, { key, lastPosition: 0 });
    expect(places.get('run_0')).toBeUndefined();
    expect(places.get('run_49999')).toEqual({ key: 49_999, lastPosition: 0 });
  });
});
