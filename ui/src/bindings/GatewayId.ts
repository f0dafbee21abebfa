export type GatewayId = string;
