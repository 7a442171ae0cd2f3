// The runner's lines into a record: whole, cut short, and hostile ones.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { collect } from "./events.ts";

Deno.test("a process, its sizes and its death become one entry", () => {
  const run = collect([
    '{"e":"spawn","t":5,"pid":7,"kind":"app","name":"foo) Z ","adj":900,' +
    '"uid":10001,"sizeKb":4,"culprit":false}',
    '{"e":"rss","t":6,"pid":7,"rss":100,"swap":20}',
    '{"e":"death","t":9,"pid":7,"name":"foo) Z ","signal":9,"code":0}',
  ]);
  deepStrictEqual(run.procs, [{
    pid: 7,
    kind: "app",
    name: "foo) Z ",
    adj: 900,
    uid: 10001,
    culprit: false,
    spawnUs: 5,
    sizes: [{ atUs: 6, rssKb: 100, swapKb: 20 }],
    death: { atUs: 9, signal: 9, code: 0 },
  }]);
  strictEqual(run.guardDeath, undefined);
});

Deno.test("a death of nobody in the scene is the guard's", () => {
  const line =
    '{"e":"death","t":9,"pid":3,"name":"guard","signal":0,"code":70}';
  deepStrictEqual(collect([line]).guardDeath, { atUs: 9, signal: 0, code: 70 });
});

Deno.test("a death of the client is nobody else's", () => {
  const line =
    '{"e":"death","t":9,"pid":3,"name":"client","signal":0,"code":1}';
  const run = collect([line]);
  deepStrictEqual(run.clientDeath, { atUs: 9, signal: 0, code: 1 });
  strictEqual(run.guardDeath, undefined);
});

Deno.test("answers and importances are kept in order", () => {
  const run = collect([
    '{"e":"reply","t":5,"asked":7,"command":7,"value":-1,"bytes":8}',
    '{"e":"adj","t":6,"pid":3,"want":-800,"got":0}',
    '{"e":"client","t":7,"line":"kill bytes=16"}',
  ]);
  deepStrictEqual(run.replies, [
    { atUs: 5, asked: 7, command: 7, value: -1, bytes: 8 },
  ]);
  deepStrictEqual(run.placed, [{ pid: 3, want: -800, got: 0 }]);
  deepStrictEqual(run.remarks, [
    { atUs: 7, from: "client", line: "kill bytes=16" },
  ]);
  strictEqual(run.badLineCount, 0);
});

Deno.test("what does not parse is counted", () => {
  const rows: [string, number][] = [
    ["", 0],
    ["\r", 0],
    ['{"e":"mem","t":1,"avail":5}', 0],
    ['{"e":"mem","t":1,"av', 1],
    ["null", 1],
    ["7", 1],
    ["[]", 1],
    ["{}", 1],
    ['{"e":"unheard of"}', 1],
    ['{"e":"rss","t":1,"pid":99,"rss":5}', 1],
  ];
  for (const [line, want] of rows) {
    strictEqual(collect([line]).badLineCount, want, line);
  }
});

Deno.test("a scene that was cut short is neither ended nor done", () => {
  const run = collect(['{"e":"begin","t":9,"totalKb":1000}']);
  deepStrictEqual([run.beginUs, run.endUs, run.isDone], [9, 0, false]);
});
