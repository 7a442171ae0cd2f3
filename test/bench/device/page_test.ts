// The page stands alone and shows what it has: opened in headless Chromium,
// light, dark and as wide as a phone, its plots hold each guard's colour, and
// nothing is asked for from anywhere.

import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import {
  type Box,
  type Opened,
  openPage,
  type Picture,
  whyNoBrowser,
} from "./browser.ts";
import { orderGuards, tonesOf } from "./guards.ts";
import { makePage } from "./page.ts";
import { pageData } from "./page_data.ts";
import { groupRecords } from "./summary.ts";
import { SYNTHETIC_GUARDS, syntheticRecords } from "./synthetic.ts";

const BENCH = groupRecords(
  syntheticRecords(SYNTHETIC_GUARDS, ["leak", "recover"]),
);
const GUARDS = orderGuards(SYNTHETIC_GUARDS);
const TONES = tonesOf(GUARDS);
/** Those whose trace is drawn at first. */
const SHOWN = ["oomguard adaptive", "kernel alone", "earlyoom tuned"];
const STRIPS = [
  ...["full stall", "worst foreground beat", "mark to first signal"],
  "first signal to headroom back",
];
const LINES = ["MemAvailable", "full stall, added up"];
/** Points of 7 pixels across and a bar of 3 by 15, of whose pixels 28 are
 * covered wholly; the least that was seen of both is 40. */
const POINT_PIXELS_MIN = 36;
/** Of a line, the pixels that it covers wholly. */
const LINE_PIXELS_MIN = 60;

const why = whyNoBrowser();
const isRequired = Deno.env.get("OOMGUARD_DEVICE") === "required";
if (why !== undefined && !isRequired) {
  console.warn(`the bench's page is not opened: ${why}`);
}
const options = { ignore: why !== undefined && !isRequired };

/** How many pixels of the box have which colour. */
function colours({ at }: Picture, box: Box): Map<string, number> {
  const pixels = new Map<string, number>();
  for (let y = Math.ceil(box.top); y < box.top + box.height; y++) {
    for (let x = Math.ceil(box.left); x < box.left + box.width; x++) {
      const tone = at(x, y);
      pixels.set(tone, (pixels.get(tone) ?? 0) + 1);
    }
  }
  return pixels;
}

function checkPlots(opened: Opened, scheme: "light" | "dark"): void {
  const names = BENCH.scenes.flatMap((_, index) =>
    [...STRIPS, ...LINES].map((name) => `scene-${index} ${name}`)
  );
  deepStrictEqual(opened.boxes.map(({ name }) => name), names);
  for (const box of opened.boxes) {
    strictEqual(box.top + box.height <= opened.picture.height, true, box.name);
    const isLine = LINES.some((name) => box.name.endsWith(name));
    const pixels = colours(opened.picture, box);
    GUARDS.forEach((guard, index) => {
      const seen = pixels.get(TONES[index]![scheme]) ?? 0;
      const what = `${box.name}, ${guard}: ${seen} pixels`;
      if (isLine) {
        strictEqual(
          SHOWN.includes(guard) ? seen >= LINE_PIXELS_MIN : seen === 0,
          true,
          what,
        );
      } else if (hasPoints(box.name, guard)) {
        strictEqual(seen >= POINT_PIXELS_MIN, true, what);
      } else strictEqual(seen, 0, what);
    });
  }
}

/** Whether the guard has a figure for that plot. */
function hasPoints(name: string, guard: string): boolean {
  const [, index, strip] = /^scene-(\d+) (.*)$/.exec(name)!;
  const scene = pageData(BENCH).scenes[Number(index)]!;
  const { points } = scene.strips.find((one) => one.name === strip)!;
  return points.some(({ g }) => g === GUARDS.indexOf(guard));
}

Deno.test({
  ...options,
  name: "the page's plots hold each guard's colour, light and dark",
  fn: async () => {
    const page = await makePage(BENCH);
    for (const scheme of ["light", "dark"] as const) {
      const isDark = scheme === "dark";
      const opened = await openPage(page, {
        ...{ width: 1180, height: 7200, isDark },
      });
      strictEqual(opened.isReady, true);
      strictEqual(opened.wide, 1180);
      // The total, two of cost, and two for each scene.
      strictEqual(opened.tables, 3 + 2 * BENCH.scenes.length);
      checkPlots(opened, scheme);
      deepStrictEqual(opened.urls, []);
      strictEqual(opened.picture.at(2, 2), isDark ? "#101318" : "#f6f7f9");
    }
  },
});

Deno.test({
  ...options,
  name: "a phone's width is enough, and few boots are",
  fn: async () => {
    const few = groupRecords(
      syntheticRecords(["oomguard adaptive", "systemd-oomd"], ["leak"], 3),
    );
    const view = { width: 390, height: 4000, isDark: false };
    const opened = await openPage(await makePage(few), view);
    strictEqual(opened.isReady, true);
    strictEqual(opened.wide, 390);
    strictEqual(opened.boxes.length, STRIPS.length + LINES.length);
    for (const box of opened.boxes) {
      strictEqual(box.width > 150 && box.left + box.width <= 390, true);
      const seen = colours(opened.picture, box).get(TONES[0]!.light) ?? 0;
      strictEqual(seen >= POINT_PIXELS_MIN, true, `${box.name}: ${seen}`);
    }
  },
});

Deno.test({
  ...options,
  name: "a request that a page makes is seen",
  fn: async () => {
    const planted = "http://planted.invalid/a.png";
    const page = await makePage(groupRecords(syntheticRecords(["oomd"])));
    const image = page.replace("<main>", () => `<img src="${planted}"><main>`);
    const free = image.replace(/<meta http-equiv[^>]*>/, "");
    const view = { width: 500, height: 500, isDark: false };
    deepStrictEqual((await openPage(free, view)).urls, [planted]);
    // The page's own policy forbids it.
    deepStrictEqual((await openPage(image, view)).urls, []);
  },
});

Deno.test("the page says what was measured, and takes names as words", async () => {
  const page = await makePage(BENCH);
  match(
    page,
    /<title>oomguard device bench · 5e9d3c0ffee1 · 2026-01-01 to 2026-01-05 · n=5 · Synthetic CPU, 2 cores/,
  );
  match(page, /default-src 'none'/);
  // A victim's name that would end the script, and one that would be markup.
  strictEqual(page.includes("</script><b>"), false);
  const bold = groupRecords(
    syntheticRecords(["oomd"], ["leak"], 1).map((one) => ({
      ...one,
      ...{ guard: "<b>&", scene: "<i>", commit: "<u>", failures: ["<s>"] },
    })),
  );
  const body = (await makePage(bold)).replaceAll(/<script.*?<\/script>/gs, "");
  for (const tag of ["b", "i", "u", "s"]) {
    strictEqual(body.includes(`<${tag}>`), false, tag);
    strictEqual(body.includes(`&lt;${tag}&gt;`), true, tag);
  }
});

Deno.test("the page's data: lost machines, chosen guards, rounded figures", () => {
  const data = pageData(BENCH);
  deepStrictEqual(
    data.guards.filter(({ isShown }) => isShown).map(({ name }) => name),
    SHOWN,
  );
  const leak = data.scenes.find(({ name }) => name === "leak")!;
  const g = GUARDS.indexOf("systemd-oomd");
  const stall = leak.strips[0]!.points.filter((point) => point.g === g);
  deepStrictEqual(stall.map(({ value }) => value === null), [
    ...[false, false, false, true, false],
  ]);
  const run = leak.runs.find((one) => one.g === 0 && one.seed === 1)!;
  const { trace, needKb, victims } = BENCH.cell("leak", GUARDS[0]!)[0]!;
  strictEqual(run.t.length, trace.t.length);
  strictEqual(run.availMb[0], Number((trace.availKb[0]! / 1024).toFixed(1)));
  strictEqual(run.needMb, needKb! / 1024);
  strictEqual(run.kills.length, victims.length);
});
