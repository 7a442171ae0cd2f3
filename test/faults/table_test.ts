// The table of faults: every test that it names is there.

import assert from "node:assert/strict";

const TABLE = new URL("README.md", import.meta.url);

/** Last cell of each row: the file, and the beginning of a test's name. */
function namedTests(text: string): [file: string, name: string][] {
  return text.split("\n")
    .filter((line) => line.startsWith("|") && !/^\| (-+|fault) /.test(line))
    .map((line) => {
      const last = line.split("|").at(-2)!.trim();
      const [, file = "", name = ""] = /^(\S+): (.+)$/.exec(last) ?? [];
      assert.notEqual(name, "", `No test is named in "${line}"`);
      return [file, name];
    });
}

/** Whether a file has a test of this name, written out or made of parts. */
function hasTest(source: string, name: string): boolean {
  if (source.includes(name)) return true;
  // One test for each of a list: its name is a template's and the list's word.
  const at = name.lastIndexOf(": ");
  return at > 0 && source.includes(`${name.slice(0, at)}: \${`) &&
    source.includes(`"${name.slice(at + 2)}"`);
}

Deno.test("faults: every test that the table names is there", () => {
  const named = namedTests(Deno.readTextFileSync(TABLE));
  assert.ok(named.length > 20, `only ${named.length} rows`);
  for (const [file, name] of named) {
    const source = Deno.readTextFileSync(new URL(file, TABLE));
    assert.ok(hasTest(source, name), `no test "${name}" in ${file}`);
  }
  assert.ok(!hasTest("each call fails", "each call falls"));
});
