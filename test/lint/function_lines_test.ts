// Rule function-lines: 70 lines pass, 71 fail, whatever kind of function it is,
// and the tests are exempt.

import assert from "node:assert/strict";
import { FUNCTION_LINES_MAX } from "./function_lines.ts";
import plugin from "./plugin.ts";

function faults(filename: string, source: string): number {
  const found = Deno.lint.runPlugin(plugin, filename, source);
  return found.filter((one) => one.id === "oomguard/function-lines").length;
}

Deno.test("function-lines counts from signature to closing brace", () => {
  const kinds: [string, string][] = [
    ["function f() {", "}"],
    ["export const f = () => {", "};"],
    ["export const f = function () {", "};"],
    ["class A { f() {", "} }"],
  ];
  for (const [open, close] of kinds) {
    for (const [extra, want] of [[0, 0], [1, 1]] as const) {
      const body = "  g();\n".repeat(FUNCTION_LINES_MAX - 2 + extra);
      const source = `${open}\n${body}${close}\n`;
      assert.equal(faults("src/cli/a.ts", source), want, open);
      assert.equal(faults("build.ts", source), want, open);
      assert.equal(faults("test/cli/a_test.ts", source), 0, open);
    }
  }
});
