// The guard's passes against the model's, over random machines and events: same
// reason, floor, limit, carry and polling after every pass. Numbers are small,
// so that limits are met exactly and often; counters and clock wrap in the
// guard's columns and never in the model. A mismatch names its seed.

import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { pollWaitMs } from "../../src/policy/polling.ts";
import * as r from "../../src/state/reasons.ts";
import { RELEASE_16, STRATEGY_LMKD } from "../../src/state/settings.ts";
import { conforms } from "./conforms.ts";
import { Model } from "./model.ts";
import type { Answer, Properties, World } from "./model_world.ts";
import { type Columns, Script, type Settings } from "./script.ts";

const SEQUENCES = 3_000;
const PASSES = 40;
/** ms between passes: about lmkd's own intervals, and long silence. */
const PAUSES = [0, 1, 9, 10, 11, 50, 99, 100, 101, 200, 201, 700, 1000, 1001];
const LONG_PAUSES = [1999, 2000, 3500, 31_000, 40_000, 90_000, 3_600_000];

function propertiesOf(prng: Prng): Properties {
  const percent = () => BigInt(prng.pick([0, 5, 10, 20, 50, 100, 200]));
  return {
    swap_free_low_percentage: BigInt(prng.pick([0, 10, 50, 100])),
    thrashing_limit: percent(),
    thrashing_limit_decay: BigInt(prng.pick([0, 10, 33, 50, 100])),
    thrashing_limit_critical: percent(),
    swap_util_max: BigInt(prng.pick([0, 50, 75, 99, 100])),
    filecache_min_kb: BigInt(prng.pick([0, 16, 17, 24])),
    stall_limit_critical: prng.pick([0, 10, 50, 100]),
    pressure_after_kill_min_score: prng.pick([0, 300, -20]),
    lowmem_min_oom_score: prng.pick([201, 701, 1000, 1001]),
    direct_reclaim_threshold_ms: prng.pick([0, 1, 100, 150]),
    swap_compression_ratio: BigInt(prng.pick([0, 1, 1, 3])),
    swap_compression_ratio_div: BigInt(prng.pick([1, 1, 2])),
    kill_timeout_ms: prng.pick([0, 100, 100, 500]),
    page_kb: 4n,
  };
}

function settingsOf(props: Properties): Settings {
  return {
    SET_STRATEGY: STRATEGY_LMKD,
    SET_RELEASE: RELEASE_16,
    SET_SWAP_LOW_PERCENT: Number(props.swap_free_low_percentage),
    SET_THRASHING_PERCENT: Number(props.thrashing_limit),
    SET_THRASHING_DECAY_PERCENT: Number(props.thrashing_limit_decay),
    SET_THRASHING_CRITICAL_PERCENT: Number(props.thrashing_limit_critical),
    SET_SWAP_UTIL_MAX_PERCENT: Number(props.swap_util_max),
    SET_FILECACHE_MIN_KB: Number(props.filecache_min_kb),
    SET_STALL_CRITICAL_PERCENT: props.stall_limit_critical,
    SET_AFTER_KILL_ADJ: props.pressure_after_kill_min_score,
    SET_LOWMEM_ADJ: props.lowmem_min_oom_score,
    SET_DIRECT_STUCK_MS: props.direct_reclaim_threshold_ms,
    SET_SWAP_RATIO: Number(props.swap_compression_ratio),
    SET_SWAP_RATIO_DIV: Number(props.swap_compression_ratio_div),
    SET_KILL_TIMEOUT_MS: props.kill_timeout_ms,
    SET_PAGE_KB: Number(props.page_kb),
  };
}

/** Where counters begin: at boot, and about where an int32 wraps. The one
 * count that would read as ABSENT is not passed: the parser moves it. */
function counter(prng: Prng): bigint {
  const start = prng.pick([0n, 0n, 2n ** 32n, 5n * 2n ** 32n]);
  if (prng.chance(300)) return 2n ** 31n + 1n + BigInt(prng.below(3));
  return start === 0n
    ? BigInt(prng.below(3))
    : start - BigInt(4 + prng.below(40));
}

function worldOf(prng: Prng): World {
  return {
    memFree: 20n,
    cmaFree: 0n,
    inactiveFile: 5n,
    activeAnon: 10n,
    inactiveAnon: 10n,
    shmem: 0n,
    swapTotal: BigInt(prng.pick([0, 20, 20, 60])),
    swapFree: 0n,
    refault: counter(prng),
    fileLru: 9n,
    pgscanDirect: counter(prng),
    pgscanKswapd: counter(prng),
    pgrefill: counter(prng),
    marks: { min: 5n, low: 10n, high: 15n },
    fullAvg10: 0,
  };
}

/** The machine some time later. */
function moveOn(prng: Prng, world: World): World {
  const some = (end: number) => BigInt(prng.below(end));
  const often = (permille: number, end: number) =>
    prng.chance(permille) ? some(end) : 0n;
  return {
    ...world,
    memFree: prng.chance(300) ? some(25) : world.memFree,
    cmaFree: often(200, 6),
    inactiveFile: some(8),
    activeAnon: often(900, 20),
    inactiveAnon: often(900, 20),
    shmem: often(500, 5),
    swapFree: some(Number(world.swapTotal) + 1),
    refault: world.refault + often(600, prng.pick([2, 4, 12, 60])),
    fileLru: often(950, 14),
    pgscanDirect: world.pgscanDirect + often(300, 3),
    pgscanKswapd: world.pgscanKswapd + often(300, 3),
    pgrefill: world.pgrefill + often(200, 3),
    fullAvg10: prng.pick([0, 0, 9, 10, 10.01, 50.5, 100]),
  };
}

function columnsOf(prng: Prng, world: World): Columns {
  const wrapped = (count: bigint) => Number(BigInt.asIntN(32, count));
  // Less than a page does not count.
  const kb = (pages: bigint) => Number(pages) * 4 + prng.below(4);
  return {
    MEM_FREE_KB: kb(world.memFree),
    CMA_FREE_KB: kb(world.cmaFree),
    INACTIVE_FILE_KB: kb(world.inactiveFile),
    ACTIVE_ANON_KB: kb(world.activeAnon),
    INACTIVE_ANON_KB: kb(world.inactiveAnon),
    SHMEM_KB: kb(world.shmem),
    SWAP_TOTAL_KB: kb(world.swapTotal),
    SWAP_FREE_KB: kb(world.swapFree),
    REFAULT: wrapped(world.refault),
    FILE_LRU_PAGES: Number(world.fileLru),
    VM_PGSCAN_DIRECT: wrapped(world.pgscanDirect),
    VM_PGSCAN_KSWAPD: wrapped(world.pgscanKswapd),
    VM_PGREFILL: wrapped(world.pgrefill),
    WATERMARK_MIN_PAGES: Number(world.marks.min),
    WATERMARK_LOW_PAGES: Number(world.marks.low),
    WATERMARK_HIGH_PAGES: Number(world.marks.high),
    PSI_FULL_AVG10_CENTI: Math.round(world.fullAvg10 * 100),
  };
}

/** What the guard says of a pass, in the model's terms. */
function answerOf(
  script: Script,
  told: ReturnType<Script["pass"]>,
  now: number,
): Answer {
  const wait = pollWaitMs(script.words.history, script.nowMs);
  return {
    did: told.did,
    reason: told.reason,
    floor: told.floor,
    limit: BigInt(script.at(r.HIST_THRASHING_LIMIT_PERCENT)),
    carry: BigInt(script.at(r.HIST_CARRY_PERCENT)),
    maxThrashing: BigInt(script.at(r.HIST_MAX_THRASHING_PERCENT)),
    polling: told.poll,
    interval: told.intervalMs,
    nextPoll: wait < 0 ? null : now + wait,
    skippedWakeups: script.at(r.HIST_SKIPPED),
    wakeups: script.at(r.HIST_WAKEUPS),
  };
}

/** Reasons and deeds seen in one sequence, counted into `seen`. */
function compare(seed: string, seen: Map<string, number>): void {
  const prng = new Prng(seed);
  const props = propertiesOf(prng);
  const model = new Model(props);
  let world = worldOf(prng);
  const start = prng.pick([0, 100_000, 2_147_483_000, -500, -90_000]);
  const script = new Script(settingsOf(props), columnsOf(prng, world), start);
  let now = 0;
  for (let i = 0; i < PASSES; i++) {
    let after = prng.pick(prng.chance(60) ? LONG_PAUSES : PAUSES);
    if (model.awaits && prng.chance(500)) {
      script.died(after);
      model.died(now += after);
      after = 0;
    }
    const due = model.nextPoll;
    const polls = due !== null && prng.chance(700);
    if (polls) after = Math.max(due - now, 0) + prng.pick([0, 0, 1, 30]);
    now += after;
    const level = polls ? null : prng.pick([1, 1, 2] as const);
    if (prng.chance(900)) world = moveOn(prng, world);
    const second = {
      ...world,
      marks: prng.pick([world.marks, { min: 0n, low: 2n, high: 30n }]),
      fullAvg10: prng.pick([world.fullAvg10, 0]),
    };
    const victim = prng.chance(600);
    const parses = i === 0 || prng.chance(970);
    const cause = level === null ? "poll" : level === 1 ? "some" : "full";
    const { PSI_FULL_AVG10_CENTI, WATERMARK_MIN_PAGES, WATERMARK_LOW_PAGES } =
      columnsOf(prng, second) as Required<Columns>;
    const told = script.pass({
      cause,
      after,
      now: columnsOf(prng, world),
      again: { PSI_FULL_AVG10_CENTI, WATERMARK_MIN_PAGES, WATERMARK_LOW_PAGES },
      nobody: !victim,
      blind: !parses,
    });
    const want = model.visit({ now, level, world, second, victim, parses });
    const got = answerOf(script, told, now);
    // A poll that comes late leaves the next one in the past.
    if (want.nextPoll !== null && want.nextPoll < now) want.nextPoll = now;
    // The limit has a value from the first window on.
    if (script.at(r.HIST_PRIMED) === 0) got.limit = want.limit;
    assert.deepEqual(got, want, `seed "${seed}", pass ${i}`);
    for (const key of [`reason ${got.reason}`, got.did, got.polling]) {
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
}

conforms("4.3", "passes are those of an independent model", () => {
  const seen = new Map<string, number>();
  for (let i = 0; i < SEQUENCES; i++) compare(`lmkd ${i}`, seen);
  // Every reason and every turn of polling came up, or this proves little.
  for (let reason = -1; reason <= 9; reason++) {
    assert.ok((seen.get(`reason ${reason}`) ?? 0) >= 20, `reason ${reason}`);
  }
  const all = ["dropped", "skipped", "blind", "judged", "off", "on", "paused"];
  for (const one of all) assert.ok((seen.get(one) ?? 0) >= 100, one);
});
