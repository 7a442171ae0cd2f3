// Text to values: hostile text, syntax, and the place of each complaint.

import assert from "node:assert/strict";
import { compile, inFile, messagesOf } from "./helpers.ts";

const EMPTY = "the text is empty, expected {}";
const COMMENTS = "the text holds only comments, expected {}";
const DEEP = "brackets are nested deeper than 8 levels";
const SYMBOL = "expected a JSON value or a key in double quotes";
const KEYS = "profile, strategy, compat, properties, dryRun, floorAdj, " +
  "killTimeoutMs, psi, lmkd, " +
  "exhaustion, wait, minfree, victims, protect, self, group, socket, stateDir, log";

function bytes(...parts: (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    ),
  );
}

type Row = [what: string, text: string | Uint8Array, want: string[]];

const ROWS: Row[] = [
  ["empty", "", [inFile(1, 1, EMPTY)]],
  ["blank", " \n\t\n", [inFile(3, 1, EMPTY)]],
  ["a mark alone", bytes(0xef, 0xbb, 0xbf), [inFile(1, 1, EMPTY)]],
  ["a mark before", bytes(0xef, 0xbb, 0xbf, "{}"), []],
  [
    "a mark does not shift columns",
    bytes(0xef, 0xbb, 0xbf, "{,}"),
    [inFile(1, 2, 'found ",", expected a value')],
  ],
  ["UTF-16", bytes(0xff, 0xfe, "{", 0, "}", 0), [
    inFile(1, 1, "the file is not UTF-8 text, expected JSON"),
  ]],
  ["broken UTF-8", bytes('{"stateDir": "/', 0xc3, '"}'), [
    inFile(1, 1, "the file is not UTF-8 text, expected JSON"),
  ]],
  ["a NUL", "{\n\0}", [inFile(2, 1, "found a NUL, expected text")]],
  ["a NUL in a string", '{"stateDir": "/a\0"}', [
    inFile(1, 17, "found a NUL, expected text"),
  ]],
  ["a comment", "// nothing", [inFile(1, 11, COMMENTS)]],
  ["an open comment", "{\n/* ", [
    inFile(2, 1, 'found /*, expected "*/", the end of the comment'),
  ]],
  ["deep arrays", "[".repeat(200_000), [inFile(1, 9, DEEP)]],
  ["deep objects", '{"a":'.repeat(50_000), [inFile(1, 41, DEEP)]],
  ["brackets in a string", `{"stateDir": "/${"[".repeat(50)}"}`, []],
  ["brackets in a comment", `{} // ${"[".repeat(5_000)}`, []],
  ["comments and trailing commas", '{ // a\n"psi": {/*b*/},\n}', []],
  ["no object", "[1]", [
    inFile(1, 1, "the configuration is [1], expected an object in braces"),
  ]],
  ["null", "null", [
    inFile(1, 1, "the configuration is null, expected an object in braces"),
  ]],
  ["a bare word", '{"dryRun": yes}', [inFile(1, 12, `found yes, ${SYMBOL}`)]],
  ["NaN", '{"floorAdj": NaN}', [inFile(1, 14, `found NaN, ${SYMBOL}`)]],
  ["-Infinity", '{"floorAdj": -Infinity}', [
    inFile(1, 14, `found -, ${SYMBOL}`),
  ]],
  ["a hexadecimal", '{"floorAdj": 0x10}', [
    inFile(1, 15, `found x10, ${SYMBOL}`),
  ]],
  ["single quotes", "{'dryRun': true}", [
    inFile(1, 2, `found 'dryRun', ${SYMBOL}`),
  ]],
  ["no quotes", "{dryRun: true}", [inFile(1, 2, `found dryRun, ${SYMBOL}`)]],
  ["no comma", '{"dryRun": true\n"floorAdj": 0}', [
    inFile(2, 1, 'found "floorAdj", expected ","'),
  ]],
  ["no colon", '{"dryRun" true}', [
    inFile(1, 11, 'found true, expected ":"'),
  ]],
  ["no value", '{"dryRun": }', [inFile(1, 12, 'found "}", expected a value')]],
  ["no brace", '{"dryRun": true', [inFile(1, 16, 'expected "}"')]],
  ["no bracket", '{"minfree": [}', [
    inFile(1, 14, 'found "}", expected a value'),
  ]],
  ["an open string", '{"stateDir": "/a\n}', [
    inFile(
      1,
      14,
      'found "/a, expected a double quote, the end of the string',
    ),
  ]],
  ["a wrong escape", '{"stateDir": "/\\x"}', [
    inFile(
      1,
      14,
      'found "/\\x", expected a JSON escape after the backslash',
    ),
  ]],
  ["half an escape", '{"stateDir": "/\\u12"}', [
    inFile(
      1,
      14,
      'found "/\\u12", expected four hexadecimal digits after \\u',
    ),
  ]],
  ["a terminal's escape", '{"stateDir": "/\x1b[2J"}', [
    inFile(1, 14, "found a control character, expected \\u and its number"),
  ]],
  ["a bare terminal's escape", "{\x1b[2J}", [
    inFile(1, 2, `found \\u{1b}, ${SYMBOL}`),
  ]],
  ["more than one", "{} {}", [
    inFile(1, 4, 'found "{", expected nothing more'),
  ]],
  ["one for each line", '{"a" 1,\n"b" 2}', [
    inFile(1, 6, 'found 1, expected ":"'),
    inFile(2, 5, 'found 2, expected ":"'),
  ]],
  ["a key twice", '{"dryRun": true,\n "dryRun": true}', [
    inFile(2, 2, "dryRun is given twice, first in line 1"),
  ]],
  [
    "a key thrice, and wrong",
    '{"floorAdj": 1, "floorAdj": 2, "floorAdj": ""}',
    [
      inFile(1, 17, "floorAdj is given twice, first in line 1"),
      inFile(1, 32, "floorAdj is given twice, first in line 1"),
    ],
  ],
  ["an escaped key twice", '{"dryRun": true, "dry\\u0052un": true}', [
    inFile(1, 18, "dryRun is given twice, first in line 1"),
  ]],
  ["a group's key twice", '{"psi": {"windowMs": 500, "windowMs": 500}}', [
    inFile(1, 27, "psi.windowMs is given twice, first in line 1"),
    inFile(
      1,
      22,
      "psi.fullStallMs is 700 by default, expected at most psi.windowMs, " +
        "which is 500",
    ),
  ]],
  ["a prototype", '{"__proto__": {"dryRun": true}}', [
    inFile(
      1,
      2,
      `__proto__ is not a known key, expected one of ${KEYS}`,
    ),
  ]],
  ["a group's prototype", '{"log": {"__proto__": 1, "constructor": 2}}', [
    inFile(
      1,
      10,
      "log.__proto__ is not a known key, expected one of to, level",
    ),
    inFile(
      1,
      26,
      "log.constructor is not a known key, expected one of to, level",
    ),
  ]],
  ["CR LF, CR and LF", '{\r\n"dryRun": 1,\r"floorAdj": -1,\n"minfree": 1}', [
    inFile(2, 11, "dryRun is 1, expected true or false"),
    inFile(
      3,
      13,
      "floorAdj is -1, expected a whole oom_score_adj from 0 to 1000",
    ),
    inFile(4, 12, "minfree is 1, expected a list of at most 6 tiers"),
  ]],
  ["columns are characters", '/* 🐧é */ {"dryRun": 1}', [
    inFile(1, 21, "dryRun is 1, expected true or false"),
  ]],
];

Deno.test("text that cannot be read says where and why", () => {
  for (const [what, text, want] of ROWS) {
    assert.deepEqual(messagesOf(text), want, what);
  }
});

Deno.test("numbers in any spelling are numbers", () => {
  const rows: [string, number | null][] = [
    ["-0", 0],
    ["1e2", 100],
    ["1E+2", 100],
    ["100.0", 100],
    ["0.5", null],
    ["-1e-400", 0],
    ["1e999", null],
    ["-1e999", null],
    ["9007199254740993", null],
    ["9".repeat(5_000), null],
    ["1e9", null],
  ];
  for (const [text, want] of rows) {
    const file = `{"floorAdj": ${text}}`;
    if (want === null) {
      assert.match(messagesOf(file)[0], /floorAdj is .{1,42}, expected/, text);
    } else {
      assert.ok(Object.is(compile(file).config.floorAdj, want), text);
    }
  }
});

Deno.test("twenty problems are shown, the rest are counted", () => {
  const keys = Array.from({ length: 25 }, (_, i) => `"zzzzzzzz${i}": 0`);
  const said = messagesOf(`{${keys.join(",\n")}}`);
  assert.equal(said.length, 21);
  assert.match(said[19], /line 20, column 1: zzzzzzzz19 is not a known key/);
  assert.equal(said[20], "(5 more not shown)");
});

Deno.test("a file full of unknown keys is refused in good time", () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `"k${i}":0`);
  const said = messagesOf(`{${keys.join(",")}}`);
  assert.equal(said.at(-1), "(19980 more not shown)");
});
