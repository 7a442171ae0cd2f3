// `oomguard check`: what it prints, where, and with which exit code.

import assert from "node:assert/strict";
import { check } from "../../src/cli/check.ts";
import { EXIT_OK, EXIT_USAGE } from "../../src/cli/exits.ts";
import { readMachine } from "../../src/cli/machine.ts";
import { KEYS } from "../../src/config/keys.ts";

const OPTIONS = [
  "--set",
  "--mem-total-kb",
  "--json",
  "--explain",
  "--properties",
];

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...args: string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await check(args, {
    log: (line) => out.push(line),
    error: (line) => err.push(line),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

async function withFile(
  text: string,
  body: (file: string) => Promise<void>,
): Promise<void> {
  const file = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    Deno.writeTextFileSync(file, text);
    await body(file);
  } finally {
    Deno.removeSync(file);
  }
}

Deno.test("each exit code", async () => {
  const rows: [args: string[], code: number, err: RegExp][] = [
    [[], EXIT_OK, /^$/],
    [["--help"], EXIT_OK, /^$/],
    [["-h"], EXIT_OK, /^$/],
    [["--explain"], EXIT_OK, /^$/],
    [["--json"], EXIT_OK, /^$/],
    [["--set", "dryRun=true"], EXIT_OK, /^$/],
    [["--set=dryRun=true"], EXIT_OK, /^$/],
    [["--set", "dryRun=1"], EXIT_USAGE, /"--set dryRun": dryRun is 1, /],
    [["/nowhere/a.json"], EXIT_USAGE, /^Cannot read "\/nowhere\/a.json": /],
    [["/"], EXIT_USAGE, /^Cannot read "\/": it is not a regular file$/],
    [["a", "b"], EXIT_USAGE, /^Cannot check 2 files: expected one/],
    [["--what"], EXIT_USAGE, /--what/],
    [["--set"], EXIT_USAGE, /--set/],
    [["--json=1"], EXIT_USAGE, /--json/],
    [["--mem-total-kb", "0"], EXIT_USAGE, /^Cannot parse --mem-total-kb "0"/],
    [["--mem-total-kb", "1e6"], EXIT_USAGE, /expected a whole number of kB/],
  ];
  for (const [args, code, err] of rows) {
    const ran = await run(...args);
    assert.equal(ran.code, code, args.join(" "));
    assert.match(ran.err, err, args.join(" "));
    if (code !== EXIT_OK) assert.equal(ran.out, "", args.join(" "));
  }
});

Deno.test("a valid file is shown with the origin of each value", async () => {
  await withFile('{\n"psi": {"windowMs": 2000}}', async (file) => {
    const { code, out } = await run(
      file,
      "--mem-total-kb=1048576",
      "--set",
      'protect.names=["foo) Z ","b"]',
      "--set",
      `stateDir="/${"x".repeat(60)}"`,
    );
    assert.equal(code, EXIT_OK);
    const lines = out.split("\n");
    assert.equal(lines[0], `${file} is valid.`);
    assert.match(lines[1], /^Profile low-ram: 1048576 kB of memory, pages of /);
    const rows: RegExp[] = [
      /^profile +auto: low-ram +default$/,
      /^psi\.windowMs +2000 +line 2$/,
      /^psi\.someStallMs +200 +profile low-ram$/,
      /^psi\.fullStallMs +700 +default$/,
      /^protect\.names +"foo\) Z " +--set$/,
      /^ +"b"$/,
      /^group +none +default$/,
      /^stateDir +\/x{28} --set$/,
      /^ +x{29}$/,
    ];
    for (const row of rows) {
      assert.ok(lines.some((line) => row.test(line)), String(row));
    }
    for (const line of lines.slice(1)) assert.ok(line.length <= 80, line);
  });
});

Deno.test("all that is wrong goes to the error output", async () => {
  await withFile('{"dryRun": 1,\n"x": 2}', async (file) => {
    const { code, out, err } = await run(file, "--set", "floorAdj=-1");
    assert.equal(code, EXIT_USAGE);
    assert.equal(out, "");
    const lines = err.split("\n");
    assert.equal(lines.length, 3);
    assert.ok(lines[0].startsWith(
      `Cannot parse "${file}": line 1, column 12: dryRun is 1, expected true`,
    ));
    assert.match(lines[1], /line 2, column 1: x is not a known key/);
    assert.match(lines[2], /^Cannot parse "--set floorAdj": floorAdj is -1, /);
  });
});

Deno.test("--json prints one object, right or wrong", async () => {
  const right = JSON.parse((await run("--json", "--set", "floorAdj=7")).out);
  assert.deepEqual(Object.keys(right), [
    "version",
    "valid",
    "file",
    "machine",
    "config",
    "origins",
    "resolved",
    "warnings",
  ]);
  assert.equal(right.version, 1);
  assert.equal(right.valid, true);
  assert.equal(right.file, null);
  assert.equal(right.config.floorAdj, 7);
  assert.deepEqual(
    Object.keys(right.origins),
    KEYS.map(({ name }) => name),
  );
  assert.deepEqual(right.origins.floorAdj, {
    from: "option",
    place: { source: "--set floorAdj", line: 0, column: 0 },
  });
  const wrong = await run("--json", "--set", "floorAdj=-7");
  assert.equal(wrong.code, EXIT_USAGE);
  assert.deepEqual(JSON.parse(wrong.out), {
    version: 1,
    valid: false,
    file: null,
    problems: [{
      source: "--set floorAdj",
      line: 0,
      column: 0,
      text: "floorAdj is -7, expected a whole oom_score_adj from 0 to 1000",
    }],
  });
});

Deno.test("the configuration that --json prints is a file", async () => {
  const first = JSON.parse((await run("--json")).out);
  await withFile(JSON.stringify(first.config, null, 2), async (file) => {
    const second = JSON.parse((await run("--json", file)).out);
    assert.deepEqual(second.config, first.config);
    assert.deepEqual(second.resolved, first.resolved);
  });
});

Deno.test("help and explanation fit the screen and name every key", async () => {
  const { out } = await run("--explain");
  for (const { name } of KEYS) {
    assert.ok(out.includes(`\n${name}\n`) || out.startsWith(`${name}\n`), name);
  }
  const help = (await run("--help")).out;
  for (const line of `${out}\n${help}`.split("\n")) {
    assert.ok(line.length <= 80, line);
  }
  for (const option of OPTIONS) {
    assert.ok(help.includes(option), option);
  }
});

Deno.test("this machine has memory and pages", () => {
  const { memTotalKb, pageKb } = readMachine(null);
  assert.ok(memTotalKb > 0);
  assert.ok([4, 16, 64].includes(pageKb));
  assert.equal(readMachine(5).memTotalKb, 5);
});

Deno.test("a group's limit is its memory, as the daemon has it", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-" });
  try {
    Deno.writeTextFileSync(`${dir}/memory.max`, "536870912\n");
    const group = ["--set", `group="${dir}"`];
    const { code, out } = await run(...group, "--json");
    assert.equal(code, EXIT_OK);
    assert.match(out, /"memTotalKb": 524288\b/);
    assert.match(out, /"profile": "low-ram"/);
    const most = ["--set", "exhaustion.comfortKb=600000"];
    const bad = await run(...group, ...most);
    assert.equal(bad.code, EXIT_USAGE);
    assert.match(bad.err, /all memory, which is 524288 kB/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
