// The colours of the page for canvases, and what all plots share. Guards have
// the tone of the page's present scheme.

/// <reference lib="dom" />

import type { PageGuard } from "./data.ts";

export const FONT = '12px system-ui, -apple-system, "Segoe UI", sans-serif';

const DARK = globalThis.matchMedia("(prefers-color-scheme: dark)");

export function isDark(): boolean {
  return DARK.matches;
}

/** Calls back whenever the scheme has changed. */
export function onScheme(changed: () => void): void {
  DARK.addEventListener("change", changed);
}

export function toneOf(guard: PageGuard): string {
  return isDark() ? guard.dark : guard.light;
}

/** A colour that the style sheet names. */
export function colour(name: "ink" | "soft" | "line" | "card"): string {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(`--${name}`).trim();
}

/** An element with a class and, as text, never as markup, its words. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  words = "",
): HTMLElementTagNameMap[K] {
  const one = document.createElement(tag);
  one.className = className;
  one.textContent = words;
  return one;
}

/** Something drawn that can be drawn anew. */
export interface Plot {
  readonly host: HTMLElement;
  draw(): void;
}
