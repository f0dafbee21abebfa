/**
 * A connection's state in words (rule 9). "Live" is said only where the engine says live; stale never looks like it.
 */
import type { Connection } from "./bindings/Connection";
import type { GatewayView } from "./bindings/GatewayView";
import { exactTime, shortTime } from "./time";

export type ConnectionShape = "live" | "catching_up" | "stale" | "sign_in" | "refused";
export type ConnectionWords = { shape: ConnectionShape; short: string; long: string; tone: "plain" | "warn" | "bad" };

/** For the rail's foot (`short`) and for sentences (`long`). */
export function connectionWords(connection: Connection, now: number): ConnectionWords {
  switch (connection.state) {
    case "live":
      return connection.via === "socket"
        ? { shape: "live", short: "Live", long: "Every event arrives as it happens.", tone: "plain" }
        : { shape: "live", short: "Live, polling", long: "The event stream does not get through, events come a little later.", tone: "plain" };
    case "catching_up":
      return { shape: "catching_up", short: "Catching up", long: "Connected. What was missed is still coming in.", tone: "warn" };
    case "stale":
      return { shape: "stale", short: stale(connection.since, now), long: STALE[connection.why], tone: "warn" };
    case "sign_in_needed":
      return { shape: "sign_in", short: "Sign-in needed", long: SIGN_IN[connection.why], tone: "warn" };
    case "refused":
      return { shape: "refused", short: "Refused", long: REFUSED[connection.why], tone: "bad" };
  }
}

/** May a decision be taken over this connection? */
export function isLive(connection: Connection | undefined): boolean {
  return connection?.state === "live";
}

/** What a list is as old as: `as of 02:40:11`. */
export function asOf(gateway: GatewayView | undefined, now: number): string | null {
  return gateway?.as_of ? exactTime(gateway.as_of, now) : null;
}

function stale(since: string | null, now: number): string {
  return since === null ? "Not connected yet" : `Stale since ${shortTime(since, now)}`;
}

const STALE = {
  never: "Not connected yet in this run.",
  unreachable: "The gateway cannot be reached. It is tried again by itself.",
  lost: "The connection broke. It is tried again by itself.",
  going_away: "The gateway is restarting. It is tried again by itself.",
  closed: "Holdpoint is closing.",
} as const;

const SIGN_IN = {
  no_session: "Nobody is signed in here.",
  expired: "The session ended and could not be renewed.",
  wrong_credentials: "The gateway did not take this name or password.",
  not_allowed: "This account may not use this gateway.",
} as const;

const REFUSED = {
  certificate: "Its certificate is not trusted. Nothing is sent there.",
  portal: "A web page answers in its place: this network wants a sign-in of its own.",
  proxy: "The proxy does not let it through.",
  protocol: "It is not a gateway, or it changed its protocol. Nothing is sent there.",
} as const;
