// Names and users that are never chosen.

import assert from "node:assert/strict";
import {
  matchGlob,
  ProtectTable,
  SYSTEM_NAMES,
} from "../../src/config/protect.ts";

const utf8 = new TextEncoder();

Deno.test("globs over bytes", () => {
  const rows: [pattern: string, name: string, want: boolean][] = [
    ["foo) Z ", "foo) Z ", true],
    ["foo) Z ", "foo) Z", false],
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["?", "", false],
    ["a", "A", false],
    ["[ab]", "a", false],
    ["[ab]", "[ab]", true],
    ["\\*", "\\x", true],
    ["\\*", "*", false],
    ["a.c", "abc", false],
    ["init", "init", true],
    ["init", "initd", false],
    ["init", "xinit", false],
    ["kworker/*", "kworker/0:1", true],
    ["systemd-*", "systemd-journal", true],
    ["systemd-*", "systemd", false],
    ["*d", "sshd", true],
    ["*d", "sshdx", false],
    ["a*b*c", "aXbXbc", true],
    ["a*b*c", "aXbXbcd", false],
    ["*ab", "aab", true],
    ["*aab", "aaaab", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["?é", "xé", true],
    ["??", "é", true],
    ["?", "é", false],
    ["**a**", "a", true],
    ["*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaa", false],
  ];
  for (const [pattern, name, want] of rows) {
    const bytes = utf8.encode(`<${name}>`);
    assert.equal(
      matchGlob(utf8.encode(pattern), bytes, 1, bytes.length - 1),
      want,
      `${pattern} ${name}`,
    );
  }
});

Deno.test("a table answers for names and users", () => {
  const table = new ProtectTable(["sshd", "a*", "123456789012345"], [
    0,
    10_000,
    4_294_967_294,
  ]);
  const rows: [name: string, uid: number, want: boolean][] = [
    ["sshd", 1, true],
    ["sshd\0", 1, true],
    ["sshd\0junk", 1, true],
    ["sshd\n", 1, false],
    ["1234567890123456", 1, true],
    ["12345678901234", 1, false],
    ["", 1, false],
    ["", 0, true],
    ["x", 10_000, true],
    ["x", -2, true],
    ["x", 4_294_967_294, true],
    ["x", -1, false],
    ["xa", 1, false],
    ["a", 1, true],
  ];
  for (const [name, uid, want] of rows) {
    const bytes = utf8.encode(`a${name}a`);
    assert.equal(
      table.protects(bytes, 1, bytes.length - 1, uid),
      want,
      `${JSON.stringify(name)} ${uid}`,
    );
  }
});

Deno.test("bytes that are no text are only bytes", () => {
  const table = new ProtectTable(["a?"], []);
  assert.ok(table.protects(Uint8Array.of(97, 0xff), 0, 2, 1));
  assert.ok(!table.protects(Uint8Array.of(97, 0), 0, 2, 1));
});

Deno.test("built-in names can be matched and protect a plain system", () => {
  for (const name of SYSTEM_NAMES) {
    assert.ok(utf8.encode(name.replaceAll("*", "")).length <= 15, name);
  }
  const table = new ProtectTable(SYSTEM_NAMES, []);
  const rows: [name: string, want: boolean][] = [
    ["systemd", true],
    ["systemd-logind", true],
    ["sshd-session", true],
    ["dbus-broker-lau", true],
    ["zygote64", true],
    ["kwin_wayland", true],
    ["bash", false],
    ["firefox", false],
    ["initramfs", false],
    ["com.android.app", false],
  ];
  for (const [name, want] of rows) {
    const bytes = utf8.encode(name);
    assert.equal(table.protects(bytes, 0, bytes.length, 1), want, name);
  }
});
