// Figures as people read them: megabytes, durations, text in 80 columns. null
// is what was not measured and shows as "-".

/** Columns of a terminal that nobody widened. */
export const COLUMNS = 80;

/** "45.1" for kB, in MB; whole from 100 MB on. */
export function megabytes(kb: number | null): string {
  if (kb === null) return "-";
  const mb = kb / 1024;
  return Math.abs(mb) < 99.95 ? mb.toFixed(1) : mb.toFixed(0);
}

/** "45.1 MB", or "-". */
export function sizeText(kb: number | null): string {
  return kb === null ? "-" : `${megabytes(kb)} MB`;
}

/** "312 us", "1.2 ms" or a duration. */
export function microText(us: number | null): string {
  if (us === null) return "-";
  if (us < 1_000) return `${us} us`;
  return us < 1_000_000
    ? `${(us / 1_000).toFixed(1)} ms`
    : durationText(Math.floor(us / 1_000));
}

/** "23 ms", "4.5 s", "12 min", "3 h 12 min", "4 d 3 h". */
export function durationText(ms: number | null): string {
  if (ms === null) return "-";
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "12.3%" for hundredths of a percent. */
export function centiText(centi: number | null): string {
  return centi === null ? "-" : `${(centi / 100).toFixed(2)}%`;
}

/** Columns that a terminal takes for a text at most: from U+2300 on, and in
 * the first Hangul block, characters may be two wide (Unicode, UAX 11). */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += widthOf(char);
  return columns;
}

function widthOf(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  return code >= 0x2300 || (code >= 0x1100 && code <= 0x115f) ? 2 : 1;
}

/** The longest beginning of `text` that takes at most `columns`, 2 or more. */
function beginning(text: string, columns: number): string {
  let end = 0;
  let room = columns;
  for (const char of text) {
    room -= widthOf(char);
    if (room < 0) break;
    end += char.length;
  }
  return text.slice(0, end);
}

/** `text`, or its beginning and "…", in at most `columns`, 3 or more. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  return `${beginning(text, columns - 1)}…`;
}

/** Words in lines of at most `width` columns, each after `margin`; a word
 * longer than that is cut. */
export function wrap(text: string, width: number, margin: string): string[] {
  const room = width - margin.length;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((one) => pieces(one, room))) {
    if (line !== "" && columnsOf(line) + 1 + columnsOf(word) > room) {
      lines.push(margin + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  lines.push(margin + line);
  return lines;
}

function pieces(word: string, columns: number): string[] {
  const found: string[] = [];
  let rest = word;
  while (columnsOf(rest) > columns) {
    const piece = beginning(rest, columns);
    found.push(piece);
    rest = rest.slice(piece.length);
  }
  return [...found, rest];
}

/** Wrapped lines with `label` in the margin of the first; it has to fit. */
export function labelled(
  label: string,
  text: string,
  margin: string,
): string[] {
  return wrap(text, COLUMNS, margin).map((line, i) =>
    i === 0 ? label.padEnd(margin.length) + line.slice(margin.length) : line
  );
}
