import type { Effect } from "./Effect";
import type { JsonValue } from "./JsonValue";
import type { RemediationAction } from "./RemediationAction";

export type RenderedAction = RemediationAction & { arguments: { [key in string]?: JsonValue }; effect: Effect };
