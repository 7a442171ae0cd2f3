// Options over files, damaged files, and files that cannot be read.

import assert from "node:assert/strict";
import {
  FILE_BYTES_MAX,
  parseConfig,
  readConfigFile,
} from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";
import { compile, inFile, messagesOf } from "./helpers.ts";

const KEYS = "profile, strategy, compat, properties, dryRun, floorAdj, " +
  "killTimeoutMs, psi, lmkd, " +
  "exhaustion, wait, minfree, victims, protect, self, group, socket, stateDir, log";

type SetRow = [sets: string[], want: string[]];

const SET_ROWS: SetRow[] = [
  [["psi.someStallMs=fast"], [
    'Cannot parse "--set psi.someStallMs": psi.someStallMs is "fast", ' +
    "expected a whole number of ms from 0 to 10000",
  ]],
  [["psi.someStallMs=NaN"], [
    'Cannot parse "--set psi.someStallMs": psi.someStallMs is "NaN", ' +
    "expected a whole number of ms from 0 to 10000",
  ]],
  [["dryRun"], [
    'Cannot parse "--set dryRun": dryRun is "", expected true or false',
  ]],
  [[""], [
    `Cannot parse "--set ": [""] is not a known key, expected one of ${KEYS}`,
  ]],
  [["psi.windowms=1"], [
    'Cannot parse "--set psi.windowms": psi.windowms is not a known key, ' +
    "did you mean psi.windowMs?",
  ]],
  [["protect.names.0=a"], [
    'Cannot parse "--set protect.names.0": protect.names["0"] is not a ' +
    "known key",
  ]],
  [["psi=5"], [
    'Cannot parse "--set psi": psi is 5, expected an object with ' +
    "someStallMs, fullStallMs, windowMs",
  ]],
  [["psi.windowMs=["], ['Cannot parse "--set psi.windowMs": expected "]"']],
  [['log={"to":"x","to":"y"}'], [
    'Cannot parse "--set log": log.to is given twice',
    'Cannot parse "--set log": log.to is "x", expected one of "auto", ' +
    '"stderr", "kmsg", "logd"',
  ]],
  [["\x1b[2J=1"], [
    'Cannot parse "--set \\\\u{1b}[2J": ["\\u001b[2J"] is not a known key, ' +
    `expected one of ${KEYS}`,
  ]],
  [[`${"a.".repeat(50_000)}=1`], [
    `Cannot parse "--set ${"a.".repeat(20)}…": ${"a.".repeat(20)}… is not a ` +
    "known key",
  ]],
  [[`minfree=${"[".repeat(50_000)}`], [
    'Cannot parse "--set minfree": brackets are nested deeper than 8 levels',
  ]],
  [["dryRun=1", "floorAdj=x"], [
    'Cannot parse "--set dryRun": dryRun is 1, expected true or false',
    'Cannot parse "--set floorAdj": floorAdj is "x", expected a whole ' +
    "oom_score_adj from 0 to 1000",
  ]],
];

Deno.test("an option that is wrong says which", () => {
  for (const [sets, want] of SET_ROWS) {
    assert.deepEqual(messagesOf(null, sets), want, sets[0].slice(0, 40));
  }
});

Deno.test("options go over the file, and later ones over earlier", () => {
  const { config, origins } = compile(
    '{"psi": {"windowMs": 2000, "someStallMs": 20},\n"minfree": [' +
      '{"kb": 4, "adj": 0}, {"kb": 8, "adj": 100}]}',
    [
      "psi.someStallMs=30",
      'psi={"someStallMs":40}',
      "profile=standard",
      "socket.mode=0600",
      'minfree=[{"kb":16,"adj":5}]',
      'stateDir="/tmp/a=b"',
    ],
  );
  assert.deepEqual(config.psi, {
    someStallMs: 40,
    fullStallMs: 700,
    windowMs: 2000,
  });
  assert.equal(config.profile, "standard");
  assert.equal(config.socket.mode, "0600");
  assert.equal(config.stateDir, "/tmp/a=b");
  assert.deepEqual(config.minfree, [{ kb: 16, adj: 5 }]);
  const want: [string, unknown][] = [
    ["psi.windowMs", {
      from: "file",
      place: { source: "a", line: 1, column: 22 },
    }],
    ["psi.someStallMs", {
      from: "option",
      place: { source: "--set psi", line: 0, column: 0 },
    }],
    ["minfree", {
      from: "option",
      place: { source: "--set minfree", line: 0, column: 0 },
    }],
    ["psi.fullStallMs", { from: "default" }],
    ["wait.idleMaxMs", { from: "profile", profile: "standard" }],
  ];
  for (const [key, origin] of want) {
    assert.deepEqual(origins.get(key), origin, key);
  }
});

Deno.test("a bare number stands for a text where only a text will do", () => {
  const sets = ["compat=15", "socket.mode=660", "socket.group=7"];
  const { config } = compile(null, sets);
  assert.equal(config.compat, "15");
  assert.equal(config.socket.mode, "660");
  assert.equal(config.socket.group, 7);
});

Deno.test("a file and its options are told together", () => {
  assert.deepEqual(messagesOf('{"dryRun": 0}', ["floorAdj=-1"]), [
    inFile(1, 12, "dryRun is 0, expected true or false"),
    'Cannot parse "--set floorAdj": floorAdj is -1, expected a whole ' +
    "oom_score_adj from 0 to 1000",
  ]);
});

/** What goes with bytes of this file that a hand slipped on. */
const SAMPLE = `{ // sample
  "profile": "low-ram", "psi": { "someStallMs": 50, "windowMs": 2000 },
  "minfree": [{ "pages": 1024, "adj": 0 }, { "kb": 8192, "adj": 900 }],
  "protect": { "names": ["a*", "é?"], "uids": [0, 4294967294] },
  "socket": { "owner": "system", "group": 1000 }, "group": null,
}`;

Deno.test("any damage to a file ends in a ConfigError or a configuration", () => {
  const sample = new TextEncoder().encode(SAMPLE);
  assert.deepEqual(messagesOf(SAMPLE), []);
  let seed = 20_260_101;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < 3_000; round++) {
    const damaged = sample.slice(0, 1 + random(sample.length));
    for (let n = random(4); n >= 0; n--) {
      damaged[random(damaged.length)] = random(256);
    }
    // Anything but a ConfigError goes through messagesOf and fails the test.
    for (const line of messagesOf(damaged)) {
      assert.match(line, /^(Cannot parse "|\()[^\p{Cc}]*$/u, `round ${round}`);
    }
  }
});

Deno.test("a file that cannot be read says why", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const file = `${dir}/a.json`;
    const fail = (path: string, why: string) =>
      assert.throws(() => readConfigFile(path), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.message, `Cannot read "${path}": ${why}`);
        assert.equal(error.problems[0].text, why);
        return true;
      });
    fail(file, "there is no such file");
    assert.throws(
      () => readConfigFile(file),
      (error: Error) => error.cause instanceof Deno.errors.NotFound,
    );
    fail(dir, "it is not a regular file");
    fail("/dev/null", "it is not a regular file");
    Deno.writeFileSync(file, new Uint8Array(FILE_BYTES_MAX + 1));
    fail(file, `it is larger than ${FILE_BYTES_MAX} bytes`);
    Deno.writeFileSync(file, new Uint8Array(FILE_BYTES_MAX).fill(32));
    assert.equal(readConfigFile(file).length, FILE_BYTES_MAX);
    Deno.writeTextFileSync(file, '{"dryRun": true}');
    const draft = parseConfig(readConfigFile(file), file, []);
    assert.equal(draft.input.dryRun, true);
    // A file of the kernel's says it has no bytes and has some.
    assert.ok(readConfigFile("/proc/self/status").length > 0);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
