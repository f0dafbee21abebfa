/** `(gateway, request_id)` as one text, for maps and lists; the key of everything about a request. */
import type { RequestKey } from "../bindings/RequestKey";

export function keyText(key: RequestKey): string {
  return `${key.gateway}\u0000${key.request}`;
}
