/** What is wrong with the mappings: actions that do not exist, errors mapped twice. Pure; says nothing where lists are missing. */
import type { ErrorMapping } from "../../bindings/ErrorMapping";
import type { RemediationAction } from "../../bindings/RemediationAction";

export type Mapped = [string, ErrorMapping];

/** The mapping's actions that its pipeline does not have. */
export function missing([pipeline, mapping]: Mapped, actions: [string, RemediationAction][]): string[] {
  return mapping.actions.filter((id) => !actions.some(([of, action]) => of === pipeline && action.action_id === id));
}

/** Errors that one pipeline maps more than once. */
export function duplicates(mappings: Mapped[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const [pipeline, mapping] of mappings) {
    const key = `${pipeline}\u0000${mapping.error}`;
    if (seen.has(key)) twice.add(mapping.error);
    seen.add(key);
  }
  return [...twice];
}
