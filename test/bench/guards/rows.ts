// All guards that a scene can be played against, by name.

import {
  type GuardCommand,
  type GuardName,
  GUARDS,
} from "../../qemu/guard_command.ts";
import { EARLYOOM } from "./earlyoom.ts";
import { LOCAL_FOLDER, readAdapters } from "./local.ts";
import { NOHANG } from "./nohang.ts";
import { OOMD } from "./oomd.ts";
import { SYSTEMD_OOMD } from "./systemd_oomd.ts";
import type { PeerRow } from "./row.ts";

/** Peers from Debian's packages, each as delivered and as tuned. */
export const PEERS: readonly PeerRow[] = [
  ...EARLYOOM,
  ...NOHANG,
  ...OOMD,
  ...SYSTEMD_OOMD,
];

let found: readonly PeerRow[] | undefined;

/** All rows but our own, those of the folder for local guards last; read once. */
export function allPeers(): readonly PeerRow[] {
  found ??= [
    ...PEERS,
    ...readAdapters(LOCAL_FOLDER, [
      ...Object.keys(GUARDS),
      ...PEERS.map(({ name }) => name),
    ]),
  ];
  return found;
}

/** The row of that name; undefined: it is no peer. */
export function findPeer(name: string): PeerRow | undefined {
  return allPeers().find((row) => row.name === name);
}

/** Every guard there is, none and our own first. */
export function guardNames(): string[] {
  return [...Object.keys(GUARDS), ...allPeers().map(({ name }) => name)];
}

/** How the guard of that name is started; undefined: there is to be none. */
export function findCommand(name: string): GuardCommand | undefined {
  if (Object.hasOwn(GUARDS, name)) return GUARDS[name as GuardName];
  const row = findPeer(name);
  if (row !== undefined) return row.command;
  const names = guardNames().join(", ");
  throw new RangeError(`Cannot find a guard "${name}": there are ${names}`);
}
