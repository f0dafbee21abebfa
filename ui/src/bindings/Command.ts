import type { Digest } from "./Digest";
import type { GatewayId } from "./GatewayId";
import type { Nonce } from "./Nonce";
import type { Password } from "./Password";
import type { PipelineId } from "./PipelineId";
import type { Prepare } from "./Prepare";
import type { RequestKey } from "./RequestKey";

export type Command = | { do: "add_gateway"; address: string }
  | { do: "sign_in"; gateway: GatewayId; email: string; password: Password }
  | { do: "ask_also"; gateway: GatewayId; pipeline: PipelineId }
  | { do: "connect"; gateway: GatewayId }
  | ({ do: "prepare" } & Prepare)
  | { do: "confirm"; nonce: Nonce; typed: string | null }
  | { do: "printed"; key: RequestKey; digest: Digest };
