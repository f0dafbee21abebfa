import type { Connection } from "./Connection";
import type { GatewayId } from "./GatewayId";

export type GatewayView = { id: GatewayId; origin: string; name: string; account: string | null; connection: Connection; as_of: string | null };
