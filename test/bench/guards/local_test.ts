// An adapter is taken whole or refused with its file, the field, and what was
// expected of it.

import { deepStrictEqual, throws } from "node:assert/strict";

import { parseAdapter, readAdapters } from "./local.ts";

const GOOD = {
  name: "lmkd",
  files: { "/bin/lmkd": "lmkd" },
  argv: ["/bin/lmkd", "-x"],
  readyMs: 3000,
};

function parse(fields: unknown) {
  const text = typeof fields === "string" ? fields : JSON.stringify(fields);
  return parseAdapter("/x/a.json", text, (name) => name === "lmkd");
}

Deno.test("an adapter becomes a row that runs in its own tree", () => {
  deepStrictEqual(parse(GOOD), {
    name: "lmkd",
    disk: {
      packages: ["libc6", "libgcc-s1"],
      copies: { "/bin/lmkd": "/x/lmkd" },
    },
    command: {
      argv: ["/bin/chroot", "/guard", "/bin/lmkd", "-x"],
      readyMs: 3000,
    },
  });
  const more = {
    packages: ["libstdc++6"],
    readyWord: "up",
    socketPath: "/dev/socket/lmkd",
    showPath: "/run/log",
    needsGroups: true,
  };
  const row = parse({ ...GOOD, ...more });
  deepStrictEqual(row.disk.packages, ["libstdc++6"]);
  deepStrictEqual(row.command, {
    argv: ["/bin/chroot", "/guard", "/bin/lmkd", "-x"],
    readyMs: 3000,
    readyWord: "up",
    socketPath: "/dev/socket/lmkd",
    showPath: "/run/log",
    needsGroups: true,
  });
});

Deno.test("a bad adapter is refused, and says where and why", () => {
  const { name: _, ...nameless } = GOOD;
  const long = Array.from({ length: 45 }, () => "/x");
  const rows: [unknown, RegExp][] = [
    ["{", /^Cannot use "\/x\/a.json": expected JSON: /],
    [[], /"\/x\/a.json": expected one object$/],
    ["null", /expected one object$/],
    [{ ...GOOD, argvs: [] }, /no field "argvs": expected name, files, /],
    [{ ...GOOD, toString: 1 }, /no field "toString"/],
    [nameless, /name is missing: expected lower case letters/],
    [{ ...GOOD, name: "LMKD" }, /name is "LMKD": expected lower case/],
    [{ ...GOOD, name: "a/b" }, /name is "a\/b": /],
    [{ ...GOOD, files: ["lmkd"] }, /files is \["lmkd"\]: expected an object/],
    [{ ...GOOD, files: { "bin/x": "lmkd" } }, /files is /],
    [{ ...GOOD, files: { "/../x": "lmkd" } }, /files is /],
    [{ ...GOOD, files: { "/bin/x": "../lmkd" } }, /files is /],
    [{ ...GOOD, files: { "/bin/x": "gone" } }, /no file "gone" beside it$/],
    [{ ...GOOD, packages: "libc6" }, /packages is "libc6": expected a list/],
    [{ ...GOOD, packages: ["-o"] }, /packages is \["-o"\]/],
    [{ ...GOOD, argv: [] }, /argv is \[\]: expected a list of 1 to 44/],
    [{ ...GOOD, argv: ["lmkd"] }, /argv is \["lmkd"\]/],
    [{ ...GOOD, argv: ["/bin/a", "b c"] }, /argv is /],
    [{ ...GOOD, argv: ["/bin/a", 'b"'] }, /argv is /],
    [{ ...GOOD, argv: long }, /argv is /],
    [{ ...GOOD, readyMs: "1" }, /readyMs is "1": expected a whole number/],
    [{ ...GOOD, readyMs: -1 }, /readyMs is -1: /],
    [{ ...GOOD, readyMs: 60001 }, /readyMs is 60001: .* 0 to 60000$/],
    [{ ...GOOD, readyWord: "a b" }, /readyWord is "a b": expected a word/],
    [{ ...GOOD, socketPath: "lmkd" }, /socketPath is "lmkd": expected an abs/],
    [{ ...GOOD, needsGroups: 1 }, /needsGroups is 1: expected true or false/],
  ];
  for (const [fields, message] of rows) {
    throws(() => parse(fields), { name: "SyntaxError", message });
  }
});

Deno.test("adapters are read in order, and no name is taken twice", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const put = (file: string, name: string) =>
      Deno.writeTextFileSync(
        `${folder}/${file}`,
        JSON.stringify({ ...GOOD, name }),
      );
    Deno.writeTextFileSync(`${folder}/README.md`, "no adapter");
    Deno.writeTextFileSync(`${folder}/lmkd`, "");
    put("b.json", "one");
    put("a.json", "two");
    const names = readAdapters(folder, []).map(({ name }) => name);
    deepStrictEqual(names, ["two", "one"]);
    throws(() => readAdapters(folder, ["one"]), {
      message: /b.json": name is "one": expected one that no other guard has$/,
    });
    put("c.json", "two");
    throws(() => readAdapters(folder, []), { message: /c.json": name is / });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
