// The state folder, and what others may have put into it: it costs files,
// never the guard, and never a file elsewhere.

import assert from "node:assert/strict";
import {
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  SIDE_RECORDS,
} from "../../src/base/limits.ts";
import {
  AlreadyRunning,
  openStateDir,
  type StateDir,
} from "../../src/cli/state_dir.ts";
import {
  checkOf,
  FILE_RECORDS,
  H_MAGIC,
  H_RECORD_WORDS,
  H_RECORDS,
  H_SIDE_RECORDS,
  H_VERSION,
  J_CHECK,
  J_SERIAL,
  Journal,
  JOURNAL_MAGIC,
  JOURNAL_VERSION,
  JOURNAL_VERSION_BEFORE,
  RING_KEEPER,
  RING_WATCHDOG,
} from "../../src/state/journal.ts";
import { parseJournal, recordsOf } from "../../src/report/journal.ts";
import { fileOf, journalOf, KILL } from "../report/records.ts";
import { ARENA_FD, unattached } from "../shim/helpers.ts";

const JOURNAL_BYTES = (FILE_RECORDS + 1) * JOURNAL_WORDS * 4;
const FILES = ["lock", "guard", "journal", "status", "armed"];
const IS_ROOT = Deno.uid() === 0;

const shim = unattached();

function open(dir: string): StateDir {
  const words = new Int32Array(JOURNAL_RECORDS * JOURNAL_WORDS);
  const state = openStateDir(shim, dir, new Journal(words));
  for (const fd of [state.journalFd, state.statusFd]) {
    if (fd >= 0) shim.symbols.shut(fd);
  }
  return state;
}

/** Opens what `before` made of a new folder; `want` are the complaints. */
function check(
  before: (dir: string) => void,
  want: RegExp[],
  after: (dir: string, state: StateDir) => void = () => {},
): void {
  const root = Deno.makeTempDirSync({ prefix: "oomguard-state-" });
  const dir = `${root}/state`;
  Deno.mkdirSync(dir, { mode: 0o755 });
  try {
    before(dir);
    const state = open(dir);
    assert.equal(state.complaints.length, want.length, `${state.complaints}`);
    want.forEach((one, i) => assert.match(state.complaints[i], one));
    after(dir, state);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

function spawn(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args }).outputSync().success;
  } catch {
    return false;
  }
}

const modeOf = (file: string) => (Deno.statSync(file).mode ?? 0) & 0o777;

Deno.test("state folder: a new one, and one of an earlier build", () => {
  check((dir) => Deno.removeSync(dir), [], (dir) => {
    assert.equal(Deno.statSync(`${dir}/journal`).size, JOURNAL_BYTES);
    const named = Deno.readTextFileSync(`${dir}/guard`);
    assert.equal(named, `${Deno.pid} ${ARENA_FD}\n`);
  });
  check(
    (dir) => {
      Deno.writeTextFileSync(`${dir}/lock`, "12 5\n", { mode: 0o666 });
      Deno.writeTextFileSync(`${dir}/guard`, "a longer text than a name\n");
      Deno.writeTextFileSync(`${dir}/status`, "old\n");
    },
    [],
    (dir) => {
      // Nobody else may open it, so nobody else may lock it.
      assert.equal(modeOf(`${dir}/lock`), 0o600);
      assert.match(Deno.readTextFileSync(`${dir}/guard`), /^\d+ \d+\n$/);
      assert.equal(Deno.readTextFileSync(`${dir}/status`), "");
    },
  );
});

Deno.test("state folder: a second guard", () => {
  check(() => {}, [], (dir) => {
    const said = new RegExp(`another guard \\(process ${Deno.pid}\\) holds`);
    assert.throws(() => open(dir), said);
    for (const text of ["", "no number\n", "-1 2\n"]) {
      Deno.writeTextFileSync(`${dir}/guard`, text);
      assert.throws(() => open(dir), /^AlreadyRunning: .*another guard holds/);
    }
    Deno.removeSync(`${dir}/guard`);
    assert.ok(spawn("mkfifo", `${dir}/guard`));
    assert.throws(() => open(dir), AlreadyRunning);
  });
});

Deno.test("state folder: links lead nowhere", () => {
  const target = (dir: string, name: string) => `${dir}/../${name}.target`;
  const kept = (dir: string, state: StateDir) => {
    for (const name of FILES) {
      assert.equal(Deno.readTextFileSync(target(dir, name)), "precious");
    }
    assert.deepEqual([state.journalFd, state.statusFd], [-1, -1]);
  };
  const rows = [
    [Deno.symlinkSync, "ELOOP"],
    [Deno.linkSync, "EPERM"],
  ] as const;
  for (const [link, errno] of rows) {
    const want = FILES.map((name) =>
      new RegExp(`^Cannot open ".*/${name}": ${errno}, ignoring$`)
    );
    check(
      (dir) => {
        for (const name of FILES) {
          Deno.writeTextFileSync(target(dir, name), "precious");
          link(target(dir, name), `${dir}/${name}`);
        }
      },
      want,
      kept,
    );
  }
});

Deno.test("state folder: pipes and folders in the place of files", () => {
  for (const name of FILES) {
    check(
      (dir) => assert.ok(spawn("mkfifo", `${dir}/${name}`)),
      [new RegExp(`^Cannot open ".*/${name}": EPERM, ignoring$`)],
    );
    check(
      (dir) => Deno.mkdirSync(`${dir}/${name}`),
      [new RegExp(`^Cannot open ".*/${name}": EISDIR, ignoring$`)],
    );
  }
});

Deno.test("state folder: a huge journal is read to its size, and cut", () => {
  check(
    (dir) => {
      const header = new Int32Array(JOURNAL_WORDS);
      header[H_MAGIC] = JOURNAL_MAGIC;
      header[H_VERSION] = JOURNAL_VERSION;
      header[H_RECORD_WORDS] = JOURNAL_WORDS;
      header[H_RECORDS] = JOURNAL_RECORDS;
      header[H_SIDE_RECORDS] = SIDE_RECORDS;
      const file = `${dir}/journal`;
      Deno.writeFileSync(file, new Uint8Array(header.buffer));
      Deno.truncateSync(file, 64 * 2 ** 30);
    },
    [],
    (dir) => {
      assert.equal(Deno.statSync(`${dir}/journal`).size, JOURNAL_BYTES);
    },
  );
});

Deno.test("state folder: a bad journal costs itself only", () => {
  const bad = (dir: string) =>
    Deno.writeTextFileSync(`${dir}/journal`, "no journal\n".repeat(1000));
  check(
    bad,
    [/^Cannot parse ".*\/journal": not a journal; starting a new one$/],
    (dir, state) => {
      assert.ok(state.journalFd >= 0);
      assert.equal(Deno.statSync(`${dir}/journal`).size, JOURNAL_BYTES);
    },
  );
});

Deno.test("state folder: a journal of the first version is told of", () => {
  check(
    (dir) => {
      // 32 words a record, as many records.
      const words = new Int32Array((JOURNAL_RECORDS + 1) * 32);
      words.set([JOURNAL_MAGIC, 1, 32, JOURNAL_RECORDS]);
      words[32] = 1;
      Deno.writeFileSync(`${dir}/journal`, new Uint8Array(words.buffer));
    },
    [
      /^Cannot parse ".*\/journal": version is 1, expected 3; starting a new one$/,
    ],
    (dir, state) => {
      assert.ok(state.journalFd >= 0);
      const bytes = Deno.readFileSync(`${dir}/journal`);
      assert.equal(bytes.length, JOURNAL_BYTES);
      const [magic, version, ...rest] = new Int32Array(bytes.buffer);
      assert.deepEqual([magic, version], [JOURNAL_MAGIC, JOURNAL_VERSION]);
      assert.ok(rest.slice(3).every((word) => word === 0));
    },
  );
});

Deno.test("state folder: a journal of the version before is taken over", () => {
  check(
    (dir) => {
      const old = fileOf(journalOf([KILL, KILL, KILL]));
      new Int32Array(old.buffer)[H_VERSION] = JOURNAL_VERSION_BEFORE;
      // That version ended behind the guard's ring.
      const bytes = new Uint8Array((JOURNAL_RECORDS + 1) * JOURNAL_WORDS * 4);
      bytes.set(old);
      Deno.writeFileSync(`${dir}/journal`, bytes);
    },
    [],
    (dir, state) => {
      assert.deepEqual([...state.serials], [3, 0, 0]);
      const bytes = Deno.readFileSync(`${dir}/journal`);
      assert.equal(bytes.length, JOURNAL_BYTES);
      assert.equal(new Int32Array(bytes.buffer)[H_VERSION], JOURNAL_VERSION);
      assert.equal(recordsOf(parseJournal(bytes, "journal")).length, 3);
    },
  );
});

Deno.test("state folder: serials of all rings go on", () => {
  check(
    (dir) => {
      const words = new Int32Array((FILE_RECORDS + 1) * JOURNAL_WORDS);
      words.set(new Int32Array(fileOf(journalOf([KILL, KILL])).buffer));
      const put = (ring: number, serial: number) => {
        const record = 1 + JOURNAL_RECORDS + (ring - 1) * SIDE_RECORDS +
          (serial - 1) % SIDE_RECORDS;
        const at = record * JOURNAL_WORDS;
        words[at + J_SERIAL] = serial;
        words[at + J_CHECK] = checkOf(words, at);
      };
      put(RING_WATCHDOG, 64);
      put(RING_WATCHDOG, 65);
      put(RING_KEEPER, 7);
      Deno.writeFileSync(`${dir}/journal`, new Uint8Array(words.buffer));
    },
    [],
    (dir, state) => {
      assert.deepEqual([...state.serials], [2, 65, 7]);
      const words = parseJournal(
        Deno.readFileSync(`${dir}/journal`),
        "journal",
      );
      assert.equal(recordsOf(words).length, 5);
    },
  );
});

Deno.test("state folder: a bad journal that cannot be written", (test) => {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-state-" });
  const file = `${dir}/journal`;
  Deno.writeTextFileSync(file, "no journal\n".repeat(1000));
  Deno.chmodSync(file, 0o444);
  // Root writes to what is read-only, but not to what is immutable.
  const held = !IS_ROOT || spawn("chattr", "+i", file);
  try {
    const { complaints, journalFd } = open(dir);
    if (!held) {
      console.log(`${test.name}: not held back here, chattr was refused`);
      return;
    }
    assert.equal(journalFd, -1);
    assert.match(`${complaints}`, /^Cannot open ".*": E(PERM|ACCES), ignoring/);
  } finally {
    if (IS_ROOT) spawn("chattr", "-i", file);
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("state folder: one that cannot be trusted is not used", () => {
  const rows: [(dir: string) => void, RegExp][] = [
    [(dir) => {
      Deno.renameSync(dir, `${dir}.real`);
      Deno.symlinkSync(`${dir}.real`, dir);
    }, /": it is no folder, ignoring$/],
    [
      (dir) => Deno.chmodSync(dir, 0o777),
      /": anyone may rename what is in it, ignoring$/,
    ],
    [(dir) => {
      Deno.removeSync(dir);
      Deno.writeTextFileSync(dir, "");
    }, /^Cannot use state folder ".*, ignoring$/],
  ];
  if (IS_ROOT) {
    rows.push([
      (dir) => Deno.chownSync(dir, 12_345, 12_345),
      /": it belongs to user 12345, ignoring$/,
    ]);
  }
  for (const [before, want] of rows) {
    check(before, [want], (_dir, state) => {
      assert.deepEqual([state.journalFd, state.statusFd], [-1, -1]);
    });
  }
  // As /tmp is: what is ours stays ours.
  check((dir) => Deno.chmodSync(dir, 0o1777), []);
});

Deno.test({
  name: "state folder: another's file in a folder that all may write",
  ignore: !IS_ROOT,
  fn() {
    check(
      (dir) => {
        Deno.chmodSync(dir, 0o1777);
        Deno.writeTextFileSync(`${dir}/status`, "theirs");
        Deno.chownSync(`${dir}/status`, 12_345, 12_345);
      },
      [/^Cannot open ".*\/status": E(PERM|ACCES), ignoring$/],
      (dir) => {
        assert.equal(Deno.readTextFileSync(`${dir}/status`), "theirs");
      },
    );
  },
});
