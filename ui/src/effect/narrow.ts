/** Where two texts differ: equal lines at both ends are left out and, line by line, the part that differs is marked. Pure. */
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
  // By characters, never by code units: a mark must not split one.
  const [a, b] = [[...one], [...two]];
  const head = common(a, b, (list, at) => list[at]);
  const tail = common(a.slice(head), b.slice(head), (list, at) => list[list.length - 1 - at]);
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

function whole(text: string): Span[] {
  return text === "" ? [] : [{ kind: "differs", text }];
}

function common<T>(a: T[], b: T[], at: (list: T[], n: number) => T | undefined): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && at(a, n) === at(b, n)) n += 1;
  return n;
}
