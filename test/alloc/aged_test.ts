// An emergency compiles nothing. The rehearsal at start has been through all of
// it, and what it compiled stays, however long nothing happens and however
// often V8 collects: --no-flush-bytecode. Without either the same test sees
// functions of the guard compiled in the middle of the emergency.

import assert from "node:assert/strict";
import { V8_FLAGS } from "../../src/pack/launch.ts";

/** Code that has not run since the last collection is old: calm nights, made
 * short (src/flags/flag-definitions.h: 180 s). */
const AGEING = "--bytecode-old-time=0";
const CHILD_MS_MAX = 120_000;
/** Folders of what a turn runs; the simulated machine's code is none of it. */
const GUARD = /\/src\/(base|state|kernel|wire|policy|daemon)\/(\w+\.ts)$/;

/** Functions of the guard compiled between the marks of aged.ts, as V8's log
 * tells: `script-details,ID,URL,...`, `function,interpreter,ID,...,NAME`. */
function compiledIn(log: string): string[] {
  const urls = new Map<string, string>();
  const found: string[] = [];
  let marked = false;
  for (const line of log.split("\n")) {
    const fields = line.split(",");
    if (fields[0] === "script-details") urls.set(fields[1], fields[2]);
    if (fields[0] !== "function" || fields[1] !== "interpreter") continue;
    const name = fields.at(-1)!;
    if (name === "markBegin" || name === "markEnd") marked = !marked;
    const file = GUARD.exec(urls.get(fields[2]) ?? "")?.[2];
    if (marked && file !== undefined) found.push(`${file}: ${name}`);
  }
  return found;
}

/** Has an emergency in a process of its own. */
async function compiled(
  flags: string,
  sets: readonly string[],
  env: Record<string, string> = {},
): Promise<string[]> {
  const dir = await Deno.makeTempDir({ prefix: "oomguard-aged-" });
  try {
    const logging = "--log-function-events,--no-logfile-per-isolate";
    const file = `${dir}/log`;
    const child = new URL("./aged.ts", import.meta.url).pathname;
    const done = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A"],
        `--v8-flags=${flags},${AGEING},--expose-gc,${logging},--logfile=${file}`,
        ...[child, ...sets],
      ],
      env,
      signal: AbortSignal.timeout(CHILD_MS_MAX),
    }).output();
    assert.ok(done.success, new TextDecoder().decode(done.stderr));
    return compiledIn(await Deno.readTextFile(file));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (
  const set of [
    "strategy=adaptive",
    "strategy=adaptive lmkd.killHeaviest=true",
    "strategy=minfree",
    "strategy=lmkd",
    "strategy=lmkd lmkd.killHeaviest=true",
    "strategy=lmkd lmkd.useNewStrategy=false",
  ]
) {
  Deno.test(`aged: an emergency compiles nothing, ${set}`, async () => {
    assert.deepEqual(await compiled(V8_FLAGS, set.split(" ")), []);
  });
}

Deno.test("aged: without --no-flush-bytecode the code is gone", async () => {
  const flags = V8_FLAGS.replace(",--no-flush-bytecode", "");
  assert.notEqual(flags, V8_FLAGS);
  const found = await compiled(flags, []);
  for (const name of ["killer.ts: fire", "select.ts: selectVictim"]) {
    assert.ok(found.includes(name), found.join("\n"));
  }
});

Deno.test("aged: without a rehearsal there is none yet", async () => {
  const found = await compiled(V8_FLAGS, [], { UNREHEARSED: "1" });
  assert.ok(found.includes("killer.ts: fire"), found.join("\n"));
});
