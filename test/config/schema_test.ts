// Every key's bounds and every message about a single value.

import assert from "node:assert/strict";
import { KEYS, nearestKey } from "../../src/config/keys.ts";
import { compile, inFile, messagesOf } from "./helpers.ts";

/** Key, lowest, highest, what is counted; and what else must hold with it. */
const BOUNDS: [key: string, low: number, high: number, noun: string][] = [
  ["floorAdj", 0, 1000, "oom_score_adj"],
  ["killTimeoutMs", 0, 60_000, "number of ms"],
  ["psi.someStallMs", 0, 10_000, "number of ms"],
  ["psi.fullStallMs", 0, 10_000, "number of ms"],
  ["psi.windowMs", 500, 10_000, "number of ms"],
  ["lmkd.swapFreeLowPercent", 0, 100, "number of percent"],
  ["lmkd.thrashingLimitPercent", 0, 1_000_000, "number of percent"],
  ["lmkd.thrashingDecayPercent", 0, 100, "number of percent"],
  ["lmkd.thrashingCriticalPercent", 0, 3_000_000, "number of percent"],
  ["lmkd.swapUtilMaxPercent", 0, 100, "number of percent"],
  ["lmkd.filecacheMinKb", 0, 1_073_741_824, "number of kB"],
  ["lmkd.stallCriticalPercent", 0, 100, "number of percent"],
  ["lmkd.lowmemMinAdj", 201, 1001, "oom_score_adj"],
  ["lmkd.afterKillMinAdj", 0, 1000, "oom_score_adj"],
  ["lmkd.lowMinAdj", 0, 1001, "oom_score_adj"],
  ["lmkd.mediumMinAdj", 0, 1001, "oom_score_adj"],
  ["lmkd.criticalMinAdj", 0, 1001, "oom_score_adj"],
  ["lmkd.upgradePressurePercent", 0, 1_000, "number of percent"],
  ["lmkd.downgradePressurePercent", 0, 1_000, "number of percent"],
  ["lmkd.directReclaimThresholdMs", 0, 600_000, "number of ms"],
  ["lmkd.swapCompressionRatio", 0, 1_000, "number"],
  ["lmkd.swapCompressionRatioDiv", 1, 1_000, "number"],
  ["exhaustion.reserveKb", 0, 1_073_741_824, "number of kB"],
  ["exhaustion.comfortKb", 0, 1_073_741_824, "number of kB"],
  ["exhaustion.horizonMs", 0, 60_000, "number of ms"],
  ["exhaustion.swapKbPerS", 0, 1_073_741_824, "number of kB per s"],
  ["exhaustion.culpritKb", 1, 1_073_741_824, "number of kB"],
  ["wait.idleMaxMs", 10, 60_000, "number of ms"],
  ["wait.sprintMs", 1, 1_000, "number of ms"],
  ["wait.fillKbPerMs", 1, 1_048_576, "number of kB per ms"],
  ["victims.scanMs", 100, 600_000, "number of ms"],
  ["self.fifoPriority", 0, 90, "priority"],
  ["self.ballastKb", 0, 1_048_576, "number of kB"],
  ["self.watchdogMs", 0, 60_000, "number of ms"],
  ["self.keeperMs", 100, 60_000, "number of ms"],
];

/** A file with this one value. */
function fileOf(key: string, json: string): string {
  const [first, second] = key.split(".");
  return second === undefined
    ? `{"${first}": ${json}}`
    : `{"${first}": {"${second}": ${json}}}`;
}

Deno.test("each number is held to its bounds", () => {
  for (const [key, low, high, noun] of BOUNDS) {
    const want = `expected a whole ${noun} from ${low} to ${high}`;
    const column = fileOf(key, "@").indexOf("@") + 1;
    const wrong = [
      `${low - 1}`,
      `${high + 1}`,
      `${low}.5`,
      "-1",
      "1e19",
      "2147483648",
      "4294967296",
      `"${low}"`,
      "null",
      "true",
      "[]",
      "{}",
    ];
    for (const json of wrong) {
      assert.deepEqual(messagesOf(fileOf(key, json)), [
        inFile(1, column, `${key} is ${json}, ${want}`),
      ]);
    }
    // Rules between keys may object to an extreme, the schema may not.
    for (const json of [low, high]) {
      for (const said of messagesOf(fileOf(key, `${json}`))) {
        assert.match(said, / by default|less than all memory/);
      }
    }
  }
});

const NAME = "expected a process name of 1 to 15 bytes, with * and ? for " +
  "wildcards but not of them alone";
const OWNER = "expected null, a name, or an id from 0 to 4294967294";
const UID = "expected a user id from 0 to 4294967294";
const TIER = 'expected an object with either "pages" or "kb", and "adj"';
const MODE = 'expected octal digits in quotes, such as "0660"';
const ADJ = "expected a whole oom_score_adj from 0 to 1000";
const PATH90 = 'expected "auto" or an absolute path of at most 90 bytes';
const PATH107 = 'expected "auto" or an absolute path of at most 107 bytes';
const GROUP = "expected null or an absolute path of at most 4095 bytes";

const PROPERTIES = 'expected "auto", "off", "getprop" or an absolute path ' +
  "of at most 4095 bytes";
const RELEASE_LIST = '"11", "12", "13", "14", "14-qpr3", "15", "15-qpr1", ' +
  '"15-qpr2", "16", "16-qpr2", "17"';

/** Key, value, and the message; null: it is right. */
type Row = [key: string, json: string, want: string | null];

const ROWS: Row[] = [
  ["profile", '"tiny"', 'expected one of "auto", "low-ram", "standard"'],
  ["profile", '"Auto"', 'expected one of "auto", "low-ram", "standard"'],
  ["strategy", "null", 'expected one of "adaptive", "lmkd", "minfree"'],
  ["log.to", "1", 'expected one of "auto", "stderr", "kmsg", "logd"'],
  ["log.level", '"all"', 'expected one of "error", "warn", "info", "debug"'],
  ["compat", '"18"', `expected one of ${RELEASE_LIST}`],
  ["compat", "16", `expected one of ${RELEASE_LIST}`],
  ["compat", '"14-qpr3"', null],
  ["properties", '"build.prop"', PROPERTIES],
  ["properties", '""', PROPERTIES],
  ["properties", '"/a\\nb"', PROPERTIES],
  ["properties", '"off"', null],
  ["properties", '"/vendor/build.prop"', null],
  ["lmkd.useNewStrategy", "1", 'expected "auto", true or false'],
  ["lmkd.useMinfreeLevels", '"auto"', "expected true or false"],
  ["dryRun", '"true"', "expected true or false"],
  ["dryRun", "0", "expected true or false"],
  ["lmkd.killHeaviest", "null", "expected true or false"],
  ["protect.system", "1", "expected true or false"],
  ["victims.discover", '"no"', 'expected "auto", true or false'],
  ["victims.discover", '"auto"', null],
  ["victims.discover", "false", null],
  ["stateDir", '"run/x"', PATH90],
  ["stateDir", '""', PATH90],
  ["stateDir", '"/a\\nb"', PATH90],
  ["stateDir", '"/a\\u202eb"', PATH90],
  ["stateDir", `"/${"a".repeat(89)}"`, null],
  ["stateDir", '"auto"', null],
  ["socket.path", '"lmkd"', PATH107],
  ["socket.path", '"@lmkd"', PATH107],
  ["socket.path", '"/é\\u0000"', PATH107],
  ["group", '"auto"', GROUP],
  ["group", "false", GROUP],
  ["group", "null", null],
  ["group", '"/sys/fs/cgroup/a b"', null],
  ["socket.mode", "432", MODE],
  ["socket.mode", '"0668"', MODE],
  ["socket.mode", '"66"', MODE],
  ["socket.mode", '"4777"', MODE],
  ["socket.mode", '"0o660"', MODE],
  ["socket.mode", '"660"', null],
  ["socket.owner", '"a b"', OWNER],
  ["socket.owner", '"1000"', OWNER],
  ["socket.owner", "-1", OWNER],
  ["socket.owner", "4294967295", OWNER],
  ["socket.owner", "[]", OWNER],
  ["socket.group", "1.5", OWNER],
  ["socket.group", '"system"', null],
  ["socket.group", "4294967294", null],
  ["socket.group", "null", null],
  ["protect.names", '"sshd"', "expected a list of at most 64 process names"],
  ["protect.uids", "{}", "expected a list of at most 64 user ids"],
  ["protect.names", '["foo) Z ", "-", "a?", "*b*"]', null],
  ["protect.names", '["*123456789012345*"]', null],
  ["minfree", "{}", "expected a list of at most 6 tiers"],
  ["minfree", "[]", null],
  ["minfree", '[{"kb": 0, "adj": 0}]', null],
];

Deno.test("each other value is held to what it may be", () => {
  for (const [key, json, want] of ROWS) {
    const file = fileOf(key, json);
    const column = fileOf(key, "@").indexOf("@") + 1;
    const said = want === null
      ? []
      : [inFile(1, column, `${key} is ${json}, ${want}`)];
    assert.deepEqual(messagesOf(file), said, file);
  }
});

/** Key, list with its wrong part marked by §, path of the part, message. */
type PartRow = [key: string, list: string, part: string, want: string];

const PARTS: PartRow[] = [
  ["protect.names", '["a", §"*"]', '[1] is "*"', NAME],
  ["protect.names", '[§"?*?"]', '[0] is "?*?"', NAME],
  ["protect.names", '[§""]', '[0] is ""', NAME],
  ["protect.names", "[§1]", "[0] is 1", NAME],
  ["protect.names", '[§"1234567890123456"]', '[0] is "1234567890123456"', NAME],
  ["protect.names", '[§"a\\u0000"]', '[0] is "a\\u0000"', NAME],
  ["protect.names", '[§"ééééééé?é"]', '[0] is "ééééééé?é"', NAME],
  [
    "protect.names",
    `[§"a${"*".repeat(31)}"]`,
    `[0] is "a${"*".repeat(31)}"`,
    NAME,
  ],
  ["protect.uids", '[0, §"root"]', '[1] is "root"', UID],
  ["protect.uids", "[§-1]", "[0] is -1", UID],
  ["protect.uids", "[§4294967295]", "[0] is 4294967295", UID],
  ["protect.uids", "[§0.5]", "[0] is 0.5", UID],
  ["minfree", "[§5]", "[0] is 5", TIER],
  ["minfree", '[§{"adj": 0}]', '[0] is {"adj": 0}', TIER],
  [
    "minfree",
    '[§{"kb": 4, "pages": 1, "adj": 0}]',
    '[0] is {"kb": 4, "pages": 1, "adj": 0}',
    TIER,
  ],
  ["minfree", '[§{"kb": 4}]', "[0].adj is missing", ADJ],
  ["minfree", '[{"kb": 4, "adj": §-1}]', "[0].adj is -1", ADJ],
  ["minfree", '[{"kb": 4, "adj": §"0"}]', '[0].adj is "0"', ADJ],
  [
    "minfree",
    '[{"pages": §268435457, "adj": 0}]',
    "[0].pages is 268435457",
    "expected a whole number of pages from 0 to 268435456",
  ],
];

Deno.test("each part of a list is named where it stands", () => {
  for (const [key, list, part, want] of PARTS) {
    const file = fileOf(key, list);
    const column = [...file].indexOf("§") + 1;
    assert.deepEqual(messagesOf(file.replace("§", "")), [
      inFile(1, column, `${key}${part}, ${want}`),
    ]);
  }
  assert.deepEqual(messagesOf('{"minfree": [{"kb":4,"adj":0,"min":1}]}'), [
    inFile(1, 30, "minfree[0].min is not a known key"),
  ]);
});

Deno.test("lists end where their tables do", () => {
  const names = (count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, i) => `n${i}`));
  const uids = (count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, i) => i));
  const tiers = (count: number) =>
    JSON.stringify(
      Array.from({ length: count }, (_, i) => ({ kb: 4 * i, adj: i })),
    );
  const rows: [string, string, string][] = [
    ["protect.names", names(64), names(65)],
    ["protect.uids", uids(64), uids(65)],
    ["minfree", tiers(6), tiers(7)],
    [
      "socket.path",
      JSON.stringify(`/${"é".repeat(53)}`),
      JSON.stringify(`/${"é".repeat(54)}`),
    ],
    [
      "stateDir",
      JSON.stringify(`/${"a".repeat(89)}`),
      JSON.stringify(`/${"a".repeat(90)}`),
    ],
    [
      "group",
      JSON.stringify(`/${"a".repeat(4_094)}`),
      JSON.stringify(`/${"a".repeat(4_095)}`),
    ],
  ];
  for (const [key, fits, over] of rows) {
    assert.deepEqual(messagesOf(fileOf(key, fits)), [], key);
    assert.match(
      messagesOf(fileOf(key, over))[0],
      / is .+, expected .* at most /,
    );
  }
});

Deno.test("an unknown key is told the nearest one", () => {
  const rows: [path: string[], want: string | null][] = [
    [["psi", "someStalMs"], "psi.someStallMs"],
    [["psi", "somestallms"], "psi.someStallMs"],
    [["psi", "some_stall_ms"], "psi.someStallMs"],
    [["psi", "someStall"], "psi.someStallMs"],
    [["psi.someStallMs"], "psi.someStallMs"],
    [["someStallMs"], "psi.someStallMs"],
    [["lmkd", "windowMs"], "psi.windowMs"],
    [["dry_run"], "dryRun"],
    [["dryrun"], "dryRun"],
    [["protected"], "protect"],
    [["swap_free_low_percentage"], "lmkd.swapFreeLowPercent"],
    [["thrashing_limit"], "lmkd.thrashingLimitPercent"],
    [["lmkd", "lowmem_min_oom_score"], null],
    [["zzzzzzzz"], null],
    [[""], null],
    [["a".repeat(100_000)], null],
  ];
  for (const [path, want] of rows) {
    assert.equal(nearestKey(path), want, path.join(".").slice(0, 40));
  }
});

Deno.test("every key is explained and says what it expects", () => {
  const names = new Set<string>();
  for (const { name, explanation, expected } of KEYS) {
    assert.ok(/^[A-Z].{10,76}\.$/.test(explanation), name);
    assert.notEqual(expected(), "", name);
    assert.ok(!expected().includes("Invalid"), name);
    names.add(name);
  }
  assert.equal(names.size, KEYS.length);
  for (const [key] of BOUNDS) assert.ok(names.has(key), key);
  // What is documented is what is there: nothing is set that has no key.
  const { origins } = compile("{}");
  assert.deepEqual([...origins.keys()], [...names]);
});
