import type { GatewayId } from "./GatewayId";
import type { RequestId } from "./RequestId";

export type RequestKey = { gateway: GatewayId; request: RequestId };
