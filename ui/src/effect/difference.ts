/**
 * What changed between the request as it was shown and as it is now, field by field, over exactly the fields that the digest
 * covers (rule 3). Equal digests give no difference.
 */
import type { Approval } from "../bindings/Approval";
import type { RenderedAction } from "../bindings/RenderedAction";
import { timeout } from "../digest/digest";
import { lines } from "./lines";

export type Difference = { where: string; before: string | null; after: string | null };

/** The differences, what would be sent first: that is what a person has to see. */
export function differences(before: Approval, after: Approval): Difference[] {
  const found: Difference[] = [];
  const note = (where: string, a: string | null, b: string | null) => {
    if (a !== b) found.push({ where, before: a, after: b });
  };
  note("order", order(before), order(after));
  const ids = new Set([...before.actions, ...after.actions].map((action) => action.action_id));
  for (const id of ids) {
    const a = before.actions.find((action) => action.action_id === id);
    const b = after.actions.find((action) => action.action_id === id);
    for (const [name, read] of FIELDS) note(`${id}: ${name}`, a ? read(a) : null, b ? read(b) : null);
  }
  note("mode", before.mode, after.mode);
  note("revision", String(before.revision), String(after.revision));
  return found;
}

const FIELDS: [string, (action: RenderedAction) => string][] = [
  ["will be sent", (action) => effect(action)],
  ["risk", (action) => action.risk_level],
  ["needs its own approval", (action) => (action.requires_approval ? "yes" : "no")],
  ["time limit", (action) => `${timeout(action)} s`],
  ["version", (action) => String(action.version)],
];

function order(approval: Approval): string {
  return approval.actions.map((action) => action.action_id).join(", ");
}

function effect(action: RenderedAction): string {
  return lines(action.effect)
    .map((line) => line.map((token) => (token.kind === "secret" ? `{${token.text}}` : token.text)).join(""))
    .join("\n");
}
