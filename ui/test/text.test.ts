/** Hostile text (rule 11) made visible and counted as `domain::escape` does it, held against the Unicode standard's own lists. */
import { describe, expect, it } from "vitest";
import { foreign, hidden, isHostile, named, oneLine, pieces, visible } from "../src/text";

/** General category Cc, Cf, Zl and Zp of Unicode 15, as ranges of code points. */
const UNFIT: [number, number][] = [
  [0x00, 0x1f], [0x7f, 0x9f],
  [0xad, 0xad], [0x600, 0x605], [0x61c, 0x61c], [0x6dd, 0x6dd], [0x70f, 0x70f], [0x890, 0x891], [0x8e2, 0x8e2], [0x180e, 0x180e],
  [0x200b, 0x200f], [0x202a, 0x202e], [0x2060, 0x2064], [0x2066, 0x206f], [0xfeff, 0xfeff], [0xfff9, 0xfffb],
  [0x110bd, 0x110bd], [0x110cd, 0x110cd], [0x13430, 0x1343f], [0x1bca0, 0x1bca3], [0x1d173, 0x1d17a], [0xe0001, 0xe0001], [0xe0020, 0xe007f],
  [0x2028, 0x2029],
];
const SURROGATES: [number, number] = [0xd800, 0xdfff];
const within = (ranges: [number, number][], point: number) => ranges.some(([from, to]) => point >= from && point <= to);

describe("rule_11 which characters are made visible", () => {
  it("every control, format, line and paragraph separator of Unicode but newline and tab, and no other character", () => {
    const wrong: string[] = [];
    for (let point = 0; point <= 0x10ffff; point += 1) {
      const wanted = point !== 0x0a && point !== 0x09 && within([...UNFIT, SURROGATES], point);
      if (isHostile(String.fromCodePoint(point)) !== wanted) wrong.push(point.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ["colour codes", "ok\u001b[31m", "ok⟨U+001B⟩[31m", 1],
    ["reordering", "\u202eevil", "⟨U+202E⟩evil", 1],
    ["isolates", "a\u2066b\u2069", "a⟨U+2066⟩b⟨U+2069⟩", 2],
    ["zero width", "pay\u200bments\u200d\ufeff", "pay⟨U+200B⟩ments⟨U+200D⟩⟨U+FEFF⟩", 3],
    ["a separator that is no newline", "a\u2028b", "a⟨U+2028⟩b", 1],
    ["a tag beyond the basic plane", "a\u{e0041}b", "a⟨U+E0041⟩b", 1],
    ["null", "a\u0000b", "a⟨U+0000⟩b", 1],
    ["carriage return", "a\rb", "a⟨U+000D⟩b", 1],
    ["half of a pair", "a\ud83db", "a⟨U+D83D⟩b", 1],
    ["what the engine's own test shows", "ok\u001b[31m\u202eevil\u200b\u2028\nnext\t.", "ok⟨U+001B⟩[31m⟨U+202E⟩evil⟨U+200B⟩⟨U+2028⟩\nnext\t.", 4],
    ["nothing at all", "Größe 一二 🙂 e\u0301\n\t", "Größe 一二 🙂 e\u0301\n\t", 0],
  ])("%s", (_, text, shown, count) => {
    expect(visible(text)).toBe(shown);
    expect(hidden(text)).toBe(count);
  });
});

describe("rule_11 any text", () => {
  const texts = Array.from({ length: 400 }, (_, seed) => anyText(seed));

  it("is shown without one unfit character", () => {
    for (const text of texts) for (const character of visible(text)) expect(isHostile(character)).toBe(false);
  });

  it("is shown whole: nothing is dropped, shortened or swapped", () => {
    for (const text of texts) {
      const back = pieces(text).map((piece) => (piece.kind === "plain" ? piece.text : String.fromCodePoint(Number.parseInt(piece.text.slice(3, -1), 16))));
      expect(back.join("")).toBe(text);
    }
  });

  it("is counted: as many as there are marks", () => {
    for (const text of texts) expect(hidden(text)).toBe(pieces(text).filter((piece) => piece.kind === "mark").length);
  });

  it("stands on one line where one is wanted", () => {
    for (const text of texts) expect(visible(oneLine(text))).not.toMatch(/[\n\r\t\u2028\u2029\u0085]/);
  });
});

describe("a4 very long text", () => {
  it("is made visible to its end in no more than a moment", () => {
    const long = `${"a\u200b".repeat(500_000)}!`;
    const from = process.hrtime.bigint();
    expect(hidden(long)).toBe(500_000);
    expect(visible(long).endsWith("⟨U+200B⟩!")).toBe(true);
    expect(Number(process.hrtime.bigint() - from) / 1e6).toBeLessThan(5000);
  });
});

describe("a3 letters that look like ours", () => {
  it("are found in a name, each once; what is made visible anyway is not told twice", () => {
    expect(foreign("\u0440\u0430yments \u0430\u202e").map(named)).toEqual(["\u0440 is U+0440", "\u0430 is U+0430"]);
    expect(foreign("payments-db_1.eu/[x]~")).toEqual([]);
  });
});

/** Deterministic: a mixture of letters, unfit characters, markup and whole planes. */
function anyText(seed: number): string {
  let state = seed + 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const unfit = () => {
    const [from, to] = UNFIT[next(UNFIT.length)] ?? [0, 0];
    return from + next(to - from + 1);
  };
  const kinds = [() => 0x61 + next(26), unfit, () => [0x3c, 0x3e, 0x26, 0x22, 0x0a, 0x09, 0x5b][next(7)] ?? 0x3c, () => 0x10000 + next(0xfffff), () => 0xa0 + next(0xd000)];
  return Array.from({ length: next(60) }, () => String.fromCodePoint(kinds[next(kinds.length)]?.() ?? 0x61)).join("");
}
