/**
 * Hostile text made visible (rule 11), as `domain::escape` does it: every character of Unicode Cc, Cf, Zl or Zp but newline
 * and tab becomes a mark that a person can see and that is counted. Owns no markup: `ui/Shown.svelte` draws the pieces.
 */

/** A run of text fit to be shown, or one character that was made visible. */
export type Piece = { kind: "plain"; text: string } | { kind: "mark"; text: string };

// Lone surrogates cannot come from the engine; if one does, it is as unfit to be shown as the rest.
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Must this character not reach the screen raw? */
export function isHostile(character: string): boolean {
  return character !== "\n" && character !== "\t" && HOSTILE.test(character);
}

/** The text in pieces, in order; joined they are the whole text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let plain = "";
  const flush = () => {
    if (plain !== "") found.push({ kind: "plain", text: plain });
    plain = "";
  };
  for (const character of text) {
    if (!isHostile(character)) {
      plain += character;
      continue;
    }
    flush();
    found.push({ kind: "mark", text: mark(character) });
  }
  flush();
  return found;
}

/** How many characters of these texts had to be made visible. */
export function hidden(...texts: (string | null | undefined)[]): number {
  let count = 0;
  for (const text of texts) for (const character of text ?? "") if (isHostile(character)) count += 1;
  return count;
}

/** Characters of a name that are not ASCII, each once: they may be there to look like others. */
export function foreign(name: string): string[] {
  return [...new Set([...name].filter((character) => (character.codePointAt(0) ?? 0) > 0x7e && !isHostile(character)))];
}

/** `а is U+0430`, for a person who cannot see the difference. */
export function named(character: string): string {
  return `${character} is U+${codePoint(character)}`;
}

/** The same as one string, for attributes, titles and the clipboard's label. */
export function visible(text: string): string {
  return pieces(text)
    .map((piece) => piece.text)
    .join("");
}

/** On one line: newline and tab become visible too. For rows and headings. */
export function oneLine(text: string): string {
  return text.replaceAll("\n", "⏎").replaceAll("\t", " ");
}

function mark(character: string): string {
  return `⟨U+${codePoint(character)}⟩`;
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}
