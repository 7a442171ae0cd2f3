// Text in columns of a terminal.

/** Columns that every output fits in. */
export const COLUMNS = 80;

/** Words in lines of at most `width`, each after `margin`. */
export function wrap(text: string, width: number, margin: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(margin + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  lines.push(margin + line);
  return lines;
}
