// The rows of the bench as data: names, what a scene's text says of each, and
// values that are set in what the packages hold.

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";

import { guardLines, GUARDS } from "../../qemu/guard_command.ts";
import { SCENES } from "../../qemu/scenes.ts";
import { sceneText } from "../../qemu/scene_text.ts";
import { setValues } from "./disk.ts";
import { findCommand, guardNames, PEERS } from "./rows.ts";

Deno.test("every peer has a row as delivered and one as tuned", () => {
  const names = PEERS.map(({ name }) => name);
  strictEqual(new Set(names).size, names.length);
  const plain = names.filter((name) => !name.endsWith("-tuned"));
  deepStrictEqual(
    names.filter((name) => name.endsWith("-tuned")),
    plain.map((name) => `${name}-tuned`),
  );
  deepStrictEqual(guardNames().slice(0, 3), ["none", "oomguard", "earlyoom"]);
});

Deno.test("no line of a scene is longer than the runner takes", () => {
  for (const { name, command } of PEERS) {
    for (const line of guardLines(command, [])) {
      strictEqual(line.split(" ").length < 48, true, `${name}: ${line}`);
      strictEqual(/["\n]/.test(line), false, `${name}: ${line}`);
    }
  }
});

Deno.test("a guard is found by its name or the names are told", () => {
  strictEqual(findCommand("none"), undefined);
  strictEqual(findCommand("oomguard"), GUARDS.oomguard);
  strictEqual(findCommand("earlyoom")?.argv[2], "/usr/bin/earlyoom");
  for (const name of ["", "earlyoon", "toString"]) {
    throws(() => findCommand(name), {
      name: "RangeError",
      message: /^Cannot find a guard ".*": there are none, oomguard, earlyoom/,
    });
  }
});

Deno.test("what is arranged for a guard stands in the scene's text", () => {
  const text = sceneText(SCENES.leak, {
    guard: {
      argv: [],
      comm: "x-oomd",
      readyMs: 7,
      readyWord: "Running",
      showPath: "/run/log",
      ownGroup: { path: "critical.slice/x.service", minMb: 64 },
      marks: [{ attribute: "trusted.avoid", adjMin: -1000, adjMax: 200 }],
    },
    guardArgs: [],
    groups: true,
    seed: 1,
    targets: [],
  });
  const lines = text.split("\n");
  deepStrictEqual(lines.slice(0, 6), [
    "ready 7",
    "guardcomm x-oomd",
    "readyword Running",
    "show /run/log",
    "guardgroup critical.slice/x.service 64",
    "mark trusted.avoid -1000 200",
  ]);
  const groups =
    "groups user.slice/user-1000.slice/user@1000.service system.slice";
  strictEqual(lines.includes(groups), true);
});

Deno.test("values are set where they are, exactly once, or not at all", () => {
  const text = "# a = 1\na = 1\n b=2\n##  a: int\n";
  const want = "# a = 1\na = 5 %\n b=2\n##  a: int\n";
  strictEqual(setValues("/c", text, { a: "5 %" }), want);
  strictEqual(setValues("/c", text, { b: "3" }).split("\n")[2], "b = 3");
  throws(() => setValues("/c", text, { c: "1" }), {
    message: 'Cannot set c in "/c": it is there 0 times',
  });
  throws(() => setValues("/c", "a=1\na=2", { a: "1" }), {
    message: /there 2 times/,
  });
});
