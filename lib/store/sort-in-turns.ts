import { Turns } from './turn-taking';

type Compare<Item> = (left: Item, right: Item) => number;

/** How many are sorted, or merged, before others may have a turn. */
const SLICE = 1000;

/** The items in order. However many there are, the event loop goes on in between. */
export async function sortInTurns<Item>(items: readonly Item[], compare: Compare<Item>): Promise<Item[]> {
  const turns = new Turns();
  let slices: Item[][] = [];
  for (let start = 0; start < items.length; start += SLICE) {
    if (turns.isOver) await turns.next();
    slices.push(items.slice(start, start + SLICE).sort(compare));
  }
  while (slices.length > 1) {
    const merged: Item[][] = [];
    for (let index = 0; index < slices.length; index += 2) {
      merged.push(await merge(slices[index] ?? [], slices[index + 1] ?? [], compare, turns));
    }
    slices = merged;
  }
  return slices[0] ?? [];
}

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: Compare<Item>,
  turns: Turns,
): Promise<Item[]> {
  const merged: Item[] = [];
  let [ofLeft, ofRight] = [0, 0];
  while (ofLeft < left.length && ofRight < right.length) {
    const [first, second] = [left[ofLeft] as Item, right[ofRight] as Item];
    if (compare(first, second) <= 0) {
      merged.push(first);
      ofLeft += 1;
    } else {
      merged.push(second);
      ofRight += 1;
    }
    if (merged.length % SLICE === 0 && turns.isOver) await turns.next();
  }
  return merged.concat(left.slice(ofLeft), right.slice(ofRight));
}
