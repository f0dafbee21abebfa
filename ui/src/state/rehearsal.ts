/** Which gateway is the rehearsal's: it lives in a data directory of its own and is marked wherever it shows. */
import type { GatewayView } from "../bindings/GatewayView";

export function isRehearsal(gateway: GatewayView): boolean {
  return gateway.name.trim().toLowerCase() === "rehearsal";
}
