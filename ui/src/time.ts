/**
 * Times and spans in words, in the person's own time zone. Owns no clock: `now` is always given, in milliseconds since the
 * epoch.
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const year = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });

/** `02:41` today, `19 Nov` on another day. */
export function shortTime(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  return sameDay(at, now) ? clock.format(at) : date.format(at);
}

/** `02:41:07` today, `19 Nov 02:41:07` on another day. */
export function exactTime(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  return sameDay(at, now) ? exact.format(at) : `${date.format(at)} ${exact.format(at)}`;
}

/** `02:41`, for a time that is known to be of the day it stands under. */
export function clockTime(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : clock.format(at);
}

/** The day as a heading: `Today, Fri 20 Nov`. */
export function dayHeading(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "Time not known";
  const name = (now - at > 300 * DAY_MS ? year : weekday).format(at).replaceAll(",", "");
  if (sameDay(at, now)) return `Today, ${name}`;
  return sameDay(at, now - DAY_MS) ? `Yesterday, ${name}` : name;
}

/** Age: `now`, `3 min`, `2 h`, `4 d`. */
export function age(iso: string | null, now: number): string {
  const at = iso === null ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(at)) return "";
  const span = Math.max(0, now - at);
  if (span < MINUTE_MS) return "now";
  if (span < HOUR_MS) return `${Math.floor(span / MINUTE_MS)} min`;
  if (span < 2 * DAY_MS) return `${Math.floor(span / HOUR_MS)} h`;
  return `${Math.floor(span / DAY_MS)} d`;
}

/** A span since something: `12 s`, `4 min`, `2 h`, `3 d`. */
export function span(ms: number): string {
  const past = Math.max(0, ms);
  if (past < MINUTE_MS) return `${Math.floor(past / SECOND_MS)} s`;
  if (past < HOUR_MS) return `${Math.floor(past / MINUTE_MS)} min`;
  if (past < 2 * DAY_MS) return `${Math.floor(past / HOUR_MS)} h`;
  return `${Math.floor(past / DAY_MS)} d`;
}

/** Time left: `6:42`, `3:19 h`, `2 d`; `0:00` once it is over. */
export function left(ms: number): string {
  const span = Math.max(0, ms);
  const two = (value: number) => String(value).padStart(2, "0");
  if (span < HOUR_MS) return `${Math.floor(span / MINUTE_MS)}:${two(Math.floor((span % MINUTE_MS) / SECOND_MS))}`;
  if (span < DAY_MS) return `${Math.floor(span / HOUR_MS)}:${two(Math.floor((span % HOUR_MS) / MINUTE_MS))} h`;
  return `${Math.floor(span / DAY_MS)} d`;
}

/** A duration in seconds: `212 ms`, `4.1 s`, `48 s`, `3 min 2 s`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const rest = Math.round(seconds) % 60;
  const minutes = Math.floor(Math.round(seconds) / 60);
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
