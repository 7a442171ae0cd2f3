// What each of the guard's own protections buys, one boot after another: the
// same scene with and without it, side by side. Prints what it measured, also
// where that is nothing.
//   deno run -A test/qemu/self_bench.ts [COUNT]
// COUNT boots of each row, default 1; a row's figure is the median of them.

import { quantile, turnsOf } from "./kmem.ts";
import { runScene } from "./harness.ts";
import type { Run } from "./record.ts";
import type { SceneName } from "./scenes.ts";
import { skipReason } from "./playing.ts";
import type { Verdict } from "./verdict.ts";

interface Variant {
  scene: SceneName;
  what: string;
  set: readonly string[];
}

const VARIANTS: readonly Variant[] = [
  { scene: "thrash", what: "as it is", set: [] },
  { scene: "thrash", what: "no FIFO", set: ["self.fifoPriority=0"] },
  { scene: "thrash", what: "no locks", set: ["self.lock=off"] },
  {
    scene: "thrash",
    what: "neither",
    set: ["self.fifoPriority=0", "self.lock=off"],
  },
  { scene: "swapless", what: "as it is", set: [] },
  { scene: "swapless", what: "no ballast", set: ["self.ballastKb=0"] },
  { scene: "lock", what: "as it is", set: [] },
  { scene: "lock", what: "no ballast", set: ["self.ballastKb=0"] },
];

const HEADS = [
  ["", "", "turn", "", "", "stall", "", "beat", "", "least", "kernel"],
  [
    ...["scene", "guard", "p50", "p99", "max", "some", "full", "p99", "worst"],
    ...["free", "kills"],
  ],
];
const WIDTHS = [8, 10, 6, 6, 6, 6, 6, 6, 6, 6, 6];

/** The figures of one boot, in the order of the head. */
function figuresOf(run: Run, verdict: Verdict): number[] {
  const turns = turnsOf(run);
  const turn = (permille: number) => quantile(turns, permille) / 1000;
  const during = run.samples.filter(({ atUs }) =>
    atUs >= run.beginUs && atUs <= run.endUs
  );
  return [
    turn(500),
    turn(990),
    turn(1000),
    verdict.someMs,
    verdict.fullMs,
    (verdict.heart?.p99Us ?? NaN) / 1000,
    (verdict.heart?.maxUs ?? NaN) / 1000,
    Math.min(...during.map(({ freeKb }) => freeKb)) / 1024,
    verdict.kernelKills,
  ];
}

async function measure(
  { scene, set }: Variant,
  count: number,
): Promise<number[]> {
  const boots: number[][] = [];
  for (let i = 0; i < count; i++) {
    const { run, verdict } = await runScene({
      scene,
      guard: "oomguard",
      guardArgs: set.flatMap((value) => ["--set", value]),
      trace: true,
    });
    boots.push(figuresOf(run, verdict));
  }
  return boots[0]!.map((_, column) =>
    quantile(boots.map((one) => one[column]!).sort((a, b) => a - b), 500)
  );
}

function formatRow(cells: readonly string[]): string {
  return cells.map((cell, i) =>
    i < 2 ? cell.padEnd(WIDTHS[i]!) : cell.padStart(WIDTHS[i]!)
  ).join(" ").trimEnd();
}

async function main(args: readonly string[]): Promise<void> {
  const count = Number(args[0] ?? 1);
  if (!(Number.isInteger(count) && count > 0)) {
    throw new RangeError(`Cannot boot "${args[0]}" times`);
  }
  console.log(`Times in ms, sizes in MB; the median of ${count}.`);
  for (const head of HEADS) console.log(formatRow(head));
  for (const variant of VARIANTS) {
    const figures = await measure(variant, count);
    const cells = figures.map((value, i) =>
      value.toFixed(i < 3 && value < 100 ? 1 : 0)
    );
    console.log(formatRow([variant.scene, variant.what, ...cells]));
  }
}

if (import.meta.main) {
  if (skipReason === undefined) await main(Deno.args);
  else console.log(`Cannot measure: ${skipReason}`);
}
