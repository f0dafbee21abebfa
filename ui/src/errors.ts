/**
 * The one table that says what a refusal `{code, message}` means to a person at the window and what to do next. The
 * engine's own sentence is shown where it names something only it knows (who decided, what is wrong); where it speaks to a
 * terminal, the window has its own words.
 */
import type { Code } from "./bindings/Code";
import type { Refused } from "./bindings/Refused";

/** What the surface does about it. */
export type Remedy = "look_again" | "sign_in" | "retry" | "correct" | "wait" | "none";

export type Explained = { code: Code; title: string; message: string; remedy: Remedy };

type Row = { title: string; say: string | "engine"; remedy: Remedy };

const TABLE: Record<Code, Row> = {
  usage: { title: "This cannot be asked so", say: "engine", remedy: "correct" },
  target_needed: { title: "The target's name is not right", say: "Nothing was sent. Type the target exactly as it is shown.", remedy: "correct" },
  not_found: { title: "It is not there", say: "The gateway has no such request for this account any more. Nothing was sent.", remedy: "look_again" },
  already_decided: { title: "Already decided", say: "engine", remedy: "look_again" },
  executing: { title: "It is running", say: "Someone's decision is being carried out. Nothing was sent.", remedy: "look_again" },
  action_decision_needed: { title: "It holds at one action", say: "That action asks for a decision of its own. Nothing was sent; look again.", remedy: "look_again" },
  not_awaiting_action: { title: "That action does not wait", say: "The request stands elsewhere by now. Nothing was sent; look again.", remedy: "look_again" },
  not_running: { title: "Nothing is running", say: "There is nothing to stop any more. Nothing was sent.", remedy: "look_again" },
  changed: { title: "It changed", say: "The request is no longer what stood here. Nothing was sent; read what is different.", remedy: "look_again" },
  expired: { title: "It has expired", say: "Its time ran out before the decision. Nothing was sent and nothing runs.", remedy: "look_again" },
  unreachable: { title: "The gateway cannot be reached", say: "Nothing was sent and nothing is left queued. Decide again once it is live.", remedy: "retry" },
  sign_in: { title: "Sign-in needed", say: "Nobody is signed in to this gateway, or the session ended. Nothing was sent.", remedy: "sign_in" },
  other_account: { title: "Another account is signed in", say: "engine", remedy: "sign_in" },
  not_taken: { title: "Not taken", say: "The call failed and the request still stands open. Nothing is sent again by itself; you may decide again.", remedy: "look_again" },
  unknown: { title: "Outcome unknown", say: "No answer came. It is being checked until it is known; nothing is sent a second time.", remedy: "wait" },
  not_allowed: { title: "Not allowed", say: "engine", remedy: "none" },
  certificate: { title: "The certificate is not trusted", say: "engine", remedy: "none" },
  portal: { title: "The network wants a sign-in of its own", say: "A web page answered in the gateway's place. Sign in to the network, or check the address.", remedy: "retry" },
  proxy: { title: "The proxy is in the way", say: "engine", remedy: "retry" },
  protocol: { title: "This is not the gateway it was", say: "engine", remedy: "none" },
  not_possible_here: { title: "Not possible on this gateway", say: "engine", remedy: "none" },
  refused: { title: "The gateway refused", say: "engine", remedy: "look_again" },
  not_prepared: { title: "Too long ago", say: "What was confirmed was prepared more than five minutes ago, or elsewhere. Nothing was sent; decide again.", remedy: "look_again" },
  store: { title: "The local store cannot be used", say: "engine", remedy: "retry" },
  ended: { title: "Holdpoint is ending", say: "The engine has stopped. Start Holdpoint again; what was recorded is kept.", remedy: "none" },
};

/** What to say about anything that was thrown. */
export function explain(thrown: unknown): Explained {
  const refused = asRefused(thrown);
  const row = TABLE[refused.code];
  return { code: refused.code, title: row.title, message: row.say === "engine" ? refused.message : row.say, remedy: row.remedy };
}

/** A refusal as the engine gives it; anything else is a fault of the page or the shell and says so. */
export function asRefused(thrown: unknown): Refused {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    const { code, message } = thrown as { code: string; message: string };
    if (Object.hasOwn(TABLE, code)) return { code: code as Code, message: String(message) };
  }
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "refused", message: `The window and its engine did not understand each other (${why}). Look at the request again before you decide anything; restart Holdpoint if this stays.` };
}
