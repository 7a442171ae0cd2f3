// Names that try to end a line, to steer a terminal, or to hide; and those
// that are only foreign.

import assert from "node:assert/strict";
import { nameAt, textOf } from "../../src/report/names.ts";

function check(name: string | Uint8Array, want: string): void {
  const bytes = typeof name === "string"
    ? new TextEncoder().encode(name)
    : name;
  assert.equal(textOf(bytes), want, JSON.stringify(name));
}

Deno.test("names: hostile ones", () => {
  check("a\nKill 'b' (1)", "a?Kill 'b' (1)");
  check("a\r\t\v\f\bb", "a?????b");
  check("\x1b[31mred\x07", "?[31mred?");
  check("\u009b31m\u0085\x7f", "?31m??");
  // Line ends of Unicode, and blanks that are none.
  check("a\u2028b\u2029c\u00a0d\u3000e", "a?b?c?d?e");
  // Text turned around, of no width, of no shape.
  check("\u202egnp.exe\u202c\u2066\u2069", "?gnp.exe???");
  check("a\u200bb\u200dc\u2060d\ufeffe\u00adf", "a?b?c?d?e?f");
  check("\ufeffbom", "?bom");
  check("\u3164\u115f\uffa0\u034f\ufe0f", "?????");
  check("\u{e0041}\u{e0100}\ue000\uffff\u{10ffff}", "?????");
  check("\ufffd", "?");
});

Deno.test("names: bytes that are no text", () => {
  check(Uint8Array.of(0xff, 0xfe, 0x7f, 0x20, 0x7e), "??? ~");
  check(new Uint8Array(16).fill(0x80), "?".repeat(16));
  // A surrogate, NUL in two bytes, a character that ends too early.
  check(Uint8Array.of(0xed, 0xa0, 0x80), "???");
  check(Uint8Array.of(0x61, 0xc0, 0x80, 0x62), "a??b");
  check(Uint8Array.of(0x61, 0xe2, 0x80), "a?");
  check("cut\0behind", "cut");
  check("", "");
  check(new Uint8Array(128), "");
});

Deno.test("names: what may pass", () => {
  const rows = [
    "foo) Z ",
    "com.example.app:service",
    "caf\u00e9",
    "\u0416\u0443\u043a",
    "\u65e5\u672c\u8a9e",
    "\u0939\u093f\u0928\u094d\u0926\u0940",
    "\u{1f600}",
    "x".repeat(127),
  ];
  for (const name of rows) check(name, name);
  // All of ASCII: what can be seen passes, and nothing else.
  for (let code = 1; code < 128; code++) {
    const char = String.fromCharCode(code);
    check(char, code >= 32 && code < 127 ? char : "?");
  }
});

Deno.test("names: as long as their words, wherever these are", () => {
  const words = new Int32Array(new ArrayBuffer(4_096), 64, 200);
  const bytes = new Uint8Array(words.buffer);
  bytes.fill(0x78, 64 + 40, 64 + 40 + 128 + 4);
  assert.equal(nameAt(words, 10), "x".repeat(128));
  assert.equal(nameAt(words, 10, 4), "x".repeat(16));
  bytes[64 + 40 + 127] = 0;
  assert.equal(nameAt(words, 10), "x".repeat(127));
});
