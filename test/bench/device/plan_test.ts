// The order of a bench's boots, and how long they may take.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { keyOf, planBoots, restMs } from "./plan.ts";

const GUARDS = ["a", "b", "c"];

Deno.test("every guard once in each scene and seed, never first twice running", () => {
  const boots = planBoots(GUARDS, ["leak", "lock"], [1, 2]);
  strictEqual(new Set(boots.map(keyOf)).size, 12);
  const groups = [0, 3, 6, 9].map((at) => boots.slice(at, at + 3));
  for (const group of groups) {
    strictEqual(new Set(group.map(({ scene, seed }) => scene + seed)).size, 1);
    deepStrictEqual(group.map(({ guard }) => guard).toSorted(), GUARDS);
  }
  deepStrictEqual(groups.map(([first]) => first!.guard), ["a", "b", "c", "a"]);
});

Deno.test("cut short after a seed, all have been compared", () => {
  const boots = planBoots(GUARDS, ["leak", "lock"], [1, 2, 3]);
  strictEqual(boots.slice(0, 6).every(({ seed }) => seed === 1), true);
});

Deno.test("the rest is reckoned from the same scene, else from all", () => {
  const [leak, , , lock] = planBoots(GUARDS, ["leak", "lock"], [1]);
  const took = [{ boot: leak!, ms: 100 }, { boot: leak!, ms: 300 }];
  strictEqual(restMs([leak!, leak!], took), 400);
  strictEqual(restMs([lock!], took), 200);
  strictEqual(restMs([lock!], [...took, { boot: lock!, ms: 50 }]), 50);
  strictEqual(Number.isNaN(restMs([lock!], [])), true);
});
