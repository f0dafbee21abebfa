/**
 * What changed between the request as it was shown and as it is now, field by field, over exactly the fields that the digest
 * covers (rule 3). Equal digests give no difference.
 */
import type { Approval } from "../bindings/Approval";
import type { RenderedAction } from "../bindings/RenderedAction";
import { timeout } from "../digest/digest";
import { list } from "../words";
import { type Field, fields, items } from "./fields";
import { REDACTED } from "./lines";

/** `action`: of which action; `null` for the request as a whole. A side that is `null` does not have the field. */
export type Difference = { action: string | null; field: string; before: string | null; after: string | null };

/** A kept copy has holes where something was redacted: whatever the other side has there may be what stood there. */
export type Holes = "none" | "before" | "after";

/** The differences, what would be sent first: that is what a person has to see. */
export function differences(before: Approval, after: Approval, holes: Holes = "none"): Difference[] {
  const [one, two] = [named(before), named(after)];
  const found = [...new Set([...one.keys(), ...two.keys()])].flatMap((name) => ofAction(name, one.get(name), two.get(name), holes));
  const whole: [string, string, string][] = [
    ["order of the actions", order(before), order(after)],
    ["pipeline", before.pipeline_id, after.pipeline_id],
    ["how it is decided", mode(before), mode(after)],
    ["revision", String(before.revision), String(after.revision)],
  ];
  for (const [field, a, b] of whole) if (a !== b) found.push({ action: null, field, before: a, after: b });
  return found;
}

/** By name; the same action may stand in a request more than once. */
function named(approval: Approval): Map<string, RenderedAction> {
  const found = new Map<string, RenderedAction>();
  for (const action of approval.actions) {
    let name = action.action_id;
    for (let n = 2; found.has(name); n += 1) name = `${action.action_id} (${n})`;
    found.set(name, action);
  }
  return found;
}

function ofAction(id: string, before: RenderedAction | undefined, after: RenderedAction | undefined, holes: Holes): Difference[] {
  if (before === undefined || after === undefined) {
    const field = before === undefined ? "a new action" : "the action is gone";
    return [{ action: id, field, before: before === undefined ? null : summary(before), after: after === undefined ? null : summary(after) }];
  }
  const effects = compared([...fields(before.effect)], [...fields(after.effect)], holes);
  const rows = [...effects, ...compareItems(items(before.effect), items(after.effect), holes), ...compared(conditions(before), conditions(after), "none")];
  return rows.map((row) => ({ action: id, ...row }));
}

type Row = Omit<Difference, "action">;

/** By name: a field that only one side has is there or gone. */
function compared(before: Field[], after: Field[], holes: Holes): Row[] {
  const names = [...new Set([...before, ...after].map((field) => field.name))];
  return names.flatMap((name) => {
    const row = pair(name, before.find((field) => field.name === name), after.find((field) => field.name === name), holes);
    return row === null ? [] : [row];
  });
}

function pair(field: string, before: Field | undefined, after: Field | undefined, holes: Holes): Row | null {
  if (before?.exact === after?.exact) return null;
  if (before !== undefined && after !== undefined && filled(before.text, after.text, holes)) return null;
  // What reads the same and is not the same is told by its exact form.
  const by = before?.text === after?.text ? "exact" : "text";
  return { field, before: before?.[by] ?? null, after: after?.[by] ?? null };
}

/** Arguments one by one where as many stand in the same places, else those between the equal ones as a whole. */
function compareItems(before: Field[], after: Field[], holes: Holes): Row[] {
  if (before.length === after.length) return compared(before, after, holes);
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head]?.exact === after[head]?.exact) head += 1;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail)?.exact === after.at(-1 - tail)?.exact) tail += 1;
  const side = (all: Field[]) => all.slice(head, all.length - tail);
  const lines = (some: Field[]) => (some.length === 0 ? null : some.map((item) => item.text).join("\n"));
  const [one, two] = [side(before), side(after)];
  const longer = one.length > two.length ? one : two;
  const first = longer[0]?.name ?? "arguments";
  const last = longer.at(-1)?.name ?? first;
  return [{ field: longer.length === 1 ? first : list([first, last]).replace(" and ", " to "), before: lines(one), after: lines(two) }];
}

/** What else of an action is hashed. */
function conditions(action: RenderedAction): Field[] {
  const field = (name: string, text: string): Field => ({ name, text, exact: text });
  return [
    field("risk", action.risk_level),
    field("needs its own approval", action.requires_approval ? "yes" : "no"),
    field("time limit", `${timeout(action)} s`),
    field("version", String(action.version)),
  ];
}

/** A whole action, for one that came or went. */
function summary(action: RenderedAction): string {
  const own = action.requires_approval ? "needs its own approval" : "no approval of its own";
  const head = `${action.risk_level} risk, ${own}, ${timeout(action)} s limit, version ${action.version}`;
  const argv = items(action.effect).map((item) => item.text);
  return [head, ...fields(action.effect).map((field) => `${field.name}: ${field.text}`), ...(argv.length > 0 ? [`arguments: ${argv.join(" ")}`] : [])].join("\n");
}

/** Do the two differ only in what was redacted in the one that was kept? */
function filled(before: string, after: string, holes: Holes): boolean {
  return holes !== "none" && (holes === "before" ? fills(before, after) : fills(after, before));
}

/** Is this the kept text with its holes filled? */
function fills(kept: string, now: string): boolean {
  const pieces = kept.split(REDACTED);
  if (pieces.length === 1 || !now.startsWith(pieces[0] ?? "")) return false;
  let at = (pieces[0] ?? "").length;
  for (const piece of pieces.slice(1, -1)) {
    const next = now.indexOf(piece, at);
    if (next < 0) return false;
    at = next + piece.length;
  }
  const last = pieces.at(-1) ?? "";
  return now.length - last.length >= at && now.endsWith(last);
}

function order(approval: Approval): string {
  return approval.actions.map((action) => action.action_id).join(", ");
}

function mode(approval: Approval): string {
  return { request: "one decision for all", per_action: "per action" }[approval.mode as string] ?? approval.mode;
}
