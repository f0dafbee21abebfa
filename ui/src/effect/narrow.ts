/** Where two texts differ: equal lines at both ends are left out and, line by line, the words that differ are marked. Pure. */
export type Span = { kind: "same" | "differs"; text: string };
export type Narrowed = { before: Span[]; after: Span[]; /** How many equal lines are left out. */ same: number };

export function narrow(before: string, after: string): Narrowed {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const head = common(a, b, (list, at) => list[at]);
  const tail = common(a.slice(head), b.slice(head), (list, at) => list[list.length - 1 - at]);
  const [one, two] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  return { ...(one.length === two.length ? byLine(one, two) : spans(one.join("\n"), two.join("\n"))), same: head + tail };
}

/** As many lines on both sides: each is compared with its own. */
function byLine(one: string[], two: string[]): { before: Span[]; after: Span[] } {
  const pairs = one.map((line, at) => spans(line, two[at] ?? ""));
  const joined = (side: "before" | "after") => pairs.flatMap((pair, at): Span[] => (at === 0 ? pair[side] : [{ kind: "same", text: "\n" }, ...pair[side]]));
  return { before: joined("before"), after: joined("after") };
}

function spans(one: string, two: string): { before: Span[]; after: Span[] } {
  if (one === two) return { before: [{ kind: "same", text: one }], after: [{ kind: "same", text: two }] };
  if (one.includes("\n") || two.includes("\n") || one === "" || two === "") return { before: whole(one), after: whole(two) };
  const [a, b] = [words(one), words(two)];
  // Only as long as comparing each with each is cheap; beyond, what stands between the equal ends is marked as one.
  return a.length * b.length <= 250_000 ? byWords(a, b) : ends(one, two);
}

/** Words, runs of blanks, and every other character by itself; by characters, never by code units: a mark must not split one. */
function words(line: string): string[] {
  return line.match(/[\p{L}\p{N}_]+|\s+|[^]/gu) ?? [];
}

/** The longest common words stay; what stands between them on either side is compared to the character where it is long. */
function byWords(a: string[], b: string[]): { before: Span[]; after: Span[] } {
  const rest = lengths(a, b);
  const found: { before: Span[]; after: Span[] } = { before: [], after: [] };
  let [x, y] = [0, 0];
  while (x < a.length || y < b.length) {
    const [fromX, fromY] = [x, y];
    while ((x < a.length || y < b.length) && !(x < a.length && y < b.length && a[x] === b[y])) {
      if (y >= b.length || (x < a.length && at(rest, x + 1, y) >= at(rest, x, y + 1))) x += 1;
      else y += 1;
    }
    const run = replaced(a.slice(fromX, x).join(""), b.slice(fromY, y).join(""));
    found.before.push(...run.before);
    found.after.push(...run.after);
    for (; x < a.length && y < b.length && a[x] === b[y]; x += 1, y += 1) for (const side of [found.before, found.after]) side.push({ kind: "same", text: a[x] ?? "" });
  }
  return { before: merged(found.before), after: merged(found.after) };
}

/** How many words the rests from x and y have in common, in order. */
function lengths(a: string[], b: string[]): Uint32Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let x = a.length - 1; x >= 0; x -= 1) {
    for (let y = b.length - 1; y >= 0; y -= 1) (table[x] as Uint32Array)[y] = a[x] === b[y] ? at(table, x + 1, y + 1) + 1 : Math.max(at(table, x + 1, y), at(table, x, y + 1));
  }
  return table;
}

function at(table: Uint32Array[], x: number, y: number): number {
  return table[x]?.[y] ?? 0;
}

/** A word is read as one; in a long one, a key or a digest, the characters are what a person has to see. */
const LONG = 12;

function replaced(one: string, two: string): { before: Span[]; after: Span[] } {
  return Math.min(one.length, two.length) > LONG ? ends(one, two) : { before: whole(one), after: whole(two) };
}

/** What stands between equal beginnings and equal ends. */
function ends(one: string, two: string): { before: Span[]; after: Span[] } {
  const [a, b] = [[...one], [...two]];
  const head = common(a, b, (list, n) => list[n]);
  const tail = common(a.slice(head), b.slice(head), (list, n) => list[list.length - 1 - n]);
  return { before: cut(a, head, tail), after: cut(b, head, tail) };
}

function cut(of: string[], head: number, tail: number): Span[] {
  const parts: Span[] = [
    { kind: "same", text: of.slice(0, head).join("") },
    { kind: "differs", text: of.slice(head, of.length - tail).join("") },
    { kind: "same", text: of.slice(of.length - tail).join("") },
  ];
  return parts.filter((part) => part.text !== "");
}

function merged(spans: Span[]): Span[] {
  const found: Span[] = [];
  for (const span of spans) {
    const last = found.at(-1);
    if (last?.kind === span.kind) last.text += span.text;
    else found.push({ ...span });
  }
  return found;
}

function whole(text: string): Span[] {
  return text === "" ? [] : [{ kind: "differs", text }];
}

function common<T>(a: T[], b: T[], take: (list: T[], n: number) => T | undefined): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && take(a, n) === take(b, n)) n += 1;
  return n;
}
