// What build.ts understands, and which targets it drops, refuses or makes.

import assert from "node:assert/strict";
import { forEachTarget, parseWanted } from "../../src/pack/plan.ts";
import {
  MissingError,
  NATIVE,
  type Target,
  TARGETS,
} from "../../src/pack/target.ts";

const FOREIGN = TARGETS.find((target) => target !== NATIVE) as Target;

function understood(args: string[], want: [Target[], string, boolean]): void {
  Deno.test(`plan: ${args.join(" ") || "no options"}`, () => {
    const { targets, wish, shimOnly } = parseWanted(args);
    assert.deepEqual([targets, wish, shimOnly], want);
  });
}

understood([], [["x86_64", "aarch64"], "auto", false]);
understood(["--target=all"], [["x86_64", "aarch64"], "auto", false]);
understood(["--target=x86_64"], [["x86_64"], "auto", false]);
understood(["--target", "aarch64"], [["aarch64"], "auto", false]);
understood(["--pack=compile"], [["x86_64", "aarch64"], "compile", false]);
understood(["--pack=embed"], [["x86_64", "aarch64"], "embed", false]);
understood(["--shim-only"], [["x86_64", "aarch64"], "auto", true]);

function refused(args: string[], want: RegExp): void {
  Deno.test(`plan: ${args.join(" ")} is refused`, () => {
    assert.throws(() => parseWanted(args), {
      name: "TypeError",
      message: want,
    });
  });
}

refused(["--target=arm"], /^Cannot build for "arm": x86_64, aarch64 or all$/);
refused(["--target="], /^Cannot build for "": /);
refused(["--pack=zip"], /^Cannot pack by "zip": auto, compile or embed$/);
refused(["--targets=all"], /--targets/);
refused(["aarch64"], /aarch64/);

/** Runs a step that fails for some targets; what was made and dropped. */
async function played(
  targets: readonly Target[],
  failing: ReadonlyMap<Target, Error>,
): Promise<{ made: [Target, string][]; dropped: string[] }> {
  const dropped: string[] = [];
  const made = await forEachTarget(
    targets,
    (target) => {
      const error = failing.get(target);
      return error === undefined
        ? Promise.resolve(`for ${target}`)
        : Promise.reject(error);
    },
    (target, why) => dropped.push(`${target}: ${why}`),
  );
  return { made: [...made], dropped };
}

const MISSING = new MissingError("no compiler");

Deno.test("plan: every target is made, in order", async () => {
  assert.deepEqual(await played(TARGETS, new Map()), {
    made: TARGETS.map((target) => [target, `for ${target}`]),
    dropped: [],
  });
});

Deno.test("plan: what is missing drops a foreign target, and is told", async () => {
  assert.deepEqual(await played(TARGETS, new Map([[FOREIGN, MISSING]])), {
    made: [[NATIVE, `for ${NATIVE}`]],
    dropped: [`${FOREIGN}: no compiler`],
  });
});

Deno.test("plan: the native target is never dropped", async () => {
  await assert.rejects(played(TARGETS, new Map([[NATIVE, MISSING]])), {
    message: `Cannot build for ${NATIVE}: no compiler`,
    cause: MISSING,
  });
});

Deno.test("plan: a target asked for by name is never dropped", async () => {
  await assert.rejects(played([FOREIGN], new Map([[FOREIGN, MISSING]])), {
    message: `Cannot build for ${FOREIGN}: no compiler`,
  });
});

Deno.test("plan: a broken build drops nothing", async () => {
  const broken = new Error("shim.c:1: error");
  await assert.rejects(played(TARGETS, new Map([[FOREIGN, broken]])), broken);
});
