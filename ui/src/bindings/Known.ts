import type { JsonValue } from "./JsonValue";
import type { Text } from "./Text";

export type Known = | { kind: "http"; method: string; url: Text; headers: { [key in string]?: Text }; body: Text | null }
  | { kind: "argv"; argv: Array<Text>; cwd: string | null }
  | { kind: "ssh"; host: string; port: string; user: string; host_key: string; argv: Array<Text> }
  | { kind: "k8s"; argv: Array<Text> }
  | { kind: "undisclosed"; entry: JsonValue };
