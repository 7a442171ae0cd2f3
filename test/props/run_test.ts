// Programs that fail, hang and talk too much, waited for and not.

import assert from "node:assert/strict";
import { readProperties, readPropertiesLater } from "../../src/props/read.ts";
import {
  OUTPUT_BYTES_MAX,
  type Ran,
  runLater,
  runNow,
} from "../../src/props/run.ts";
import { setProperties } from "../../src/props/publish.ts";
import { program, withDir } from "./helpers.ts";

/** Both ways of running, by name. */
const WAYS: [string, typeof runLater | typeof runNow][] = [
  ["now", runNow],
  ["later", runLater],
];

/** Long enough for a shell to start on a busy machine. */
const PATIENT_MS = 20_000;
const HASTY_MS = 150;

Deno.test("a program's output, or why there is none", async () => {
  await withDir(async (dir) => {
    const long = OUTPUT_BYTES_MAX + 1;
    const rows: [script: string, ms: number, want: RegExp][] = [
      ["exec sleep 60", HASTY_MS, /^it did not end within 150 ms$/],
      [
        `head -c ${long} /dev/zero`,
        PATIENT_MS,
        /^it printed more than 1048576 /,
      ],
      ["exit 3", PATIENT_MS, /^exit status 3$/],
      ["echo a=1; exit 1", PATIENT_MS, /^exit status 1$/],
      ["kill -TERM $$", PATIENT_MS, /SIGTERM|exit status 143/],
    ];
    for (const [script, deadlineMs, want] of rows) {
      const path = program(dir, "p", script);
      for (const [way, run] of WAYS) {
        const ran = await run(path, [], deadlineMs);
        assert.match(ran.failure ?? "", want, `${script} ${way}`);
        assert.equal(ran.output, null);
      }
    }
    const path = program(dir, "p", 'printf "%s|" "$@"');
    for (const [way, run] of WAYS) {
      const ran: Ran = await run(path, ["a b", "", "$x"], PATIENT_MS);
      assert.equal(ran.failure, null, way);
      assert.equal(new TextDecoder().decode(ran.output!), "a b||$x|", way);
    }
  });
});

Deno.test("a program that is not there, or is none", async () => {
  await withDir(async (dir) => {
    for (const [way, run] of WAYS) {
      const gone = await run(`${dir}/gone`, [], PATIENT_MS);
      assert.equal(gone.failure, "there is no such program", way);
      const folder = await run(dir, [], PATIENT_MS);
      assert.notEqual(folder.failure, null, way);
    }
  });
});

Deno.test("getprop is run once, without arguments, for all", async () => {
  await withDir(async (dir) => {
    const path = program(
      dir,
      "getprop",
      `echo run >>${dir}/runs; echo "[n]: [$#]"; echo junk; echo "[a]: [b]"`,
    );
    for (const read of [readProperties, readPropertiesLater]) {
      const set = await read("getprop", path, PATIENT_MS);
      assert.equal(set.source, "getprop");
      assert.equal(set.known, true);
      assert.equal(set.values.get("n")?.value, "0");
      assert.equal(set.values.get("a")?.value, "b");
      assert.equal(set.badLines, 1);
    }
    assert.equal(Deno.readTextFileSync(`${dir}/runs`), "run\nrun\n");
  });
});

Deno.test("what cannot be read is told and passed over", async () => {
  await withDir(async (dir) => {
    const hangs = program(dir, "hangs", "exec sleep 60");
    const mute = program(dir, "mute", "echo junk");
    const big = `${dir}/big`;
    Deno.writeFileSync(big, new Uint8Array(OUTPUT_BYTES_MAX + 1));
    const rows: [source: string, program: string, ms: number, want: RegExp][] =
      [
        [
          "getprop",
          hangs,
          HASTY_MS,
          /^cannot run ".*hangs": it did not end within/,
        ],
        ["getprop", mute, PATIENT_MS, /^".*mute" printed no property$/],
        ["getprop", `${dir}/gone`, PATIENT_MS, /: there is no such program$/],
        [`${dir}/gone`, "", PATIENT_MS, /^there is no such file$/],
        [dir, "", PATIENT_MS, /^it is not a regular file$/],
        [big, "", PATIENT_MS, /^it is larger than 1048576 bytes$/],
      ];
    for (const [source, path, deadlineMs, want] of rows) {
      for (const read of [readProperties, readPropertiesLater]) {
        const set = await read(source, path, deadlineMs);
        assert.equal(set.known, false, source);
        assert.equal(set.source, source);
        assert.equal(set.values.size, 0);
        assert.equal(set.problems.length, 1);
        assert.match(set.problems[0].text, want);
      }
    }
    for (const read of [readProperties, readPropertiesLater]) {
      const set = await read("off");
      assert.deepEqual([set.known, set.problems.length], [false, 0]);
    }
  });
});

Deno.test("properties are set one by one, failures told", async () => {
  await withDir(async (dir) => {
    const path = program(
      dir,
      "setprop",
      `[ "$1" = bad ] && exit 1; echo "$#|$1|$2" >>${dir}/set`,
    );
    const published = new Map([["a", ""], ["bad", "x"], ["b", "1 2"]]);
    const failures = await setProperties(published, path, PATIENT_MS);
    assert.deepEqual(failures, ["Cannot set property bad: exit status 1"]);
    assert.equal(Deno.readTextFileSync(`${dir}/set`), "2|a|\n2|b|1 2\n");
    const none = await setProperties(published, `${dir}/gone`, PATIENT_MS);
    assert.deepEqual(none, [
      "Cannot set property a: there is no such program",
    ]);
  });
});
