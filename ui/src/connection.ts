/**
 * A connection's state in words (rule 9). "Live" is said only where the engine says live; stale never looks like it.
 */
import type { Connection } from "./bindings/Connection";
import type { GatewayView } from "./bindings/GatewayView";
import { exactTime, shortTime, span } from "./time";

export type ConnectionShape = "live" | "catching_up" | "stale" | "sign_in" | "refused";
export type ConnectionWords = { shape: ConnectionShape; short: string; title: string; long: string; tone: "plain" | "warn" | "bad" };

/** How far this machine's clock may be off before a person is told, in milliseconds (F34). */
const CLOCK_OFF_MS = 30_000;

/** For the rail's foot (`short`), for headings (`title`) and for sentences (`long`). */
export function connectionWords(connection: Connection, now: number): ConnectionWords {
  const words = wordsOf(connection, now);
  return { ...words, title: connection.state === "refused" ? TITLE[connection.why] : words.short };
}

/** What is wrong with this machine's clock against the gateway's, as a sentence; `null` where that is not known or not much. */
export function clockWords(offsetMs: number | null): string | null {
  if (offsetMs === null || Math.abs(offsetMs) <= CLOCK_OFF_MS) return null;
  const off = span(Math.abs(offsetMs));
  return `This machine's clock is ${off} ${offsetMs > 0 ? "ahead of" : "behind"} the gateway's. Ages and times left shown here are off by as much; what expires goes by the gateway's clock. Set this clock.`;
}

function wordsOf(connection: Connection, now: number): Omit<ConnectionWords, "title"> {
  switch (connection.state) {
    case "live":
      return connection.via === "socket"
        ? { shape: "live", short: "Live", long: "Every event arrives as it happens.", tone: "plain" }
        : { shape: "live", short: "Live by polling", long: "The event stream does not get through, so the gateway is asked again and again: events come a little later. The stream is tried again by itself.", tone: "plain" };
    case "catching_up":
      return { shape: "catching_up", short: "Catching up", long: "Connected. What was missed is still coming in: until then something may be missing here.", tone: "warn" };
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
  certificate: "Nobody this machine trusts vouches for its certificate, so nothing is sent there. If it is your own authority's, this machine has to trust that first.",
  portal: "A web page answers in its place: this network wants a sign-in of its own. Open any page in a browser and sign in there; nothing of yours was sent to it.",
  proxy: "The proxy in between wants a name and password of its own (407), or forbids this address. Its address, name and password are taken from HTTPS_PROXY when Holdpoint starts.",
  protocol: "It is not a gateway, or it changed its protocol. Nothing is sent there.",
} as const;

const TITLE = {
  certificate: "Refused: the certificate is not trusted",
  portal: "Refused: the network wants a sign-in",
  proxy: "Refused by the proxy",
  protocol: "Refused: not the gateway it was",
} as const;
