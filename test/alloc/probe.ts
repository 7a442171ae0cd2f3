// The child of the allocation proof: runs one case 20,000 times in the bare
// interpreter (or as often as its module's TURNS says, where one turn is long)
// and prints what it took from V8's heap and from the C heap. It is started by
// measure() in heap.ts, with the flags that make this exact.
//
// Arguments: case module URL, name of its setup, path of malloc_count.so.

import v8 from "node:v8";

const TURNS = 20_000;
/** Processes that come and go while a case over the real machine runs take code
 * for the first time, and V8 makes its feedback vectors then: in four or five
 * rounds of 20 on a busy machine (measured). One clean round is the proof. */
const ROUNDS = 20;

const [url, name, counterPath] = Deno.args as [string, string, string];
const gc = (globalThis as unknown as { gc(): void }).gc;

type Setup = () => (() => void) | Promise<() => void>;
const module: Record<string, unknown> = await import(url);
const turns = Number(module["TURNS"] ?? TURNS);
// What is planted is never clean: it need not be tried so often.
const rounds = Number(module["ROUNDS"] ?? ROUNDS);

const counter = Deno.dlopen(counterPath, {
  count_reset: { parameters: [], result: "i32" },
  count_read: { parameters: [], result: "i32" },
});
const countReset = counter.symbols.count_reset;
const countRead = counter.symbols.count_read;

interface Least {
  heapBytes: number;
  mallocCalls: number;
}

function usedBytes(): number {
  return v8.getHeapStatistics().used_heap_size;
}

function run(turn: () => void, count: number): void {
  for (let i = 0; i < count; i++) turn();
}

/**
 * The least that so many turns took in any round, the probe's own cost
 * off; stops when `floor` is reached, since no turn takes less than none.
 */
function least(turn: () => void, floor: Least): Least {
  const found = { heapBytes: Infinity, mallocCalls: Infinity };
  for (let round = 0; round < rounds; round++) {
    gc();
    usedBytes();
    const first = usedBytes();
    const before = usedBytes();
    countReset();
    run(turn, turns);
    const calls = countRead();
    const bytes = usedBytes() - before - (before - first);
    found.heapBytes = Math.min(found.heapBytes, bytes);
    found.mallocCalls = Math.min(found.mallocCalls, calls);
    if (
      found.heapBytes === floor.heapBytes &&
      found.mallocCalls === floor.mallocCalls
    ) break;
  }
  return found;
}

function empty(): void {}

const NO_FLOOR = { heapBytes: -Infinity, mallocCalls: -Infinity };

const turn = await (module[name] as Setup)();
run(empty, turns / 10);
run(turn, turns / 10);
least(empty, NO_FLOOR);
const control = least(empty, NO_FLOOR);
const cost = least(turn, control);
console.log(JSON.stringify({
  heapBytes: cost.heapBytes - control.heapBytes,
  mallocCalls: cost.mallocCalls - control.mallocCalls,
  turns,
}));
