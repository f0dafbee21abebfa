/**
 * The fingerprint of what this page shows (rule 3, CONTRACT 1b), computed here from the very values the card renders and
 * never copied from the gateway's. The engine computes it again from what it reads just before sending; only equal ones go.
 */
import type { Approval } from "../bindings/Approval";
import type { RenderedAction } from "../bindings/RenderedAction";
import { sha256 } from "./sha256";

/** Seconds an action may take when its entry does not say. */
const DEFAULT_TIMEOUT_S = 30;

/** `sha-256:` and 64 hex digits over RFC 8785. */
export function digest(approval: Approval): string {
  const hashed = {
    v: 1,
    request_id: approval.request_id,
    pipeline_id: approval.pipeline_id,
    revision: approval.revision,
    mode: approval.mode,
    actions: approval.actions.map((action) => ({
      action_id: action.action_id,
      version: action.version,
      risk_level: action.risk_level,
      requires_approval: action.requires_approval,
      timeout_s: timeout(action),
      effect: action.effect,
    })),
  };
  return `sha-256:${sha256(canonical(hashed))}`;
}

/** Seconds this action may take; a fraction is rounded up, as the engine does. */
export function timeout(action: Pick<RenderedAction, "action_metadata">): number {
  const told = action.action_metadata["timeout"];
  return typeof told === "number" && told >= 0 ? Math.ceil(told) : DEFAULT_TIMEOUT_S;
}

/** Eight digits in two groups: enough for a person to compare by eye. */
export function short(of: string): string {
  const hex = of.replace(/^sha-256:/, "");
  return `${hex.slice(0, 4)} ${hex.slice(4, 8)}`;
}

/** RFC 8785: members sorted by UTF-16 code units, numbers as ECMAScript writes them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}
