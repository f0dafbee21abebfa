/**
 * The links on a request. They are hostile: only plain web addresses can be opened, each by a person's click, and the whole
 * address stands in the title before that.
 */
import type { Approval } from "../bindings/Approval";
import { visible } from "../text";
import { capital } from "../words";

export type Link = { name: string; label: string; shown: string; url: string | null };

export function links(approval: Approval): Link[] {
  return Object.entries(approval.links).flatMap(([name, value]) => {
    if (typeof value !== "string" || value === "") return [];
    const label = capital(visible(name.replace(/_url$/, "").replaceAll("_", " ")));
    return [{ name, label, shown: visible(value), url: web(value) }];
  });
}

function web(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
