/**
 * An effect as lines of a listing, in the order in which it will be sent. Every hashed field of an effect is in them and
 * nothing is shortened; a form this page does not know is shown raw and whole. Owns no markup.
 */
import type { Effect } from "../bindings/Effect";
import type { JsonValue } from "../bindings/JsonValue";
import type { Known } from "../bindings/Known";
import type { Text } from "../bindings/Text";
import { indented } from "../words";

/** One run of a line. `verb` is the first word, `name` a header or field name, `secret` is filled in at execution. */
export type Token = { kind: "verb" | "name" | "text" | "secret" | "note" | "withheld"; text: string };
export type Line = Token[];

/** What `domain::redact` leaves where a secret stood. */
export const REDACTED = "[redacted]";

/** The listing of an effect. */
export function lines(effect: Effect): Line[] {
  const known = asKnown(effect);
  if (known === null) return [[note("An effect this build does not know, as it came:")], ...json(effect as JsonValue)];
  switch (known.kind) {
    case "http":
      return http(known);
    case "argv":
      return [command(known.argv), [name("in "), text(known.cwd ?? "no directory named")]];
    case "ssh":
      return [
        [name("ssh "), text(`${known.user}@${known.host}`), name(" port "), text(known.port)],
        [name("host key "), text(known.host_key)],
        command(known.argv),
      ];
    case "k8s":
      return [command(known.argv)];
    case "undisclosed":
      return undisclosed(known.entry);
  }
}

/** The effect as one line, for folded results and narrow windows. */
export function headline(effect: Effect): string {
  const known = asKnown(effect);
  if (known === null) return "effect of an unknown form";
  switch (known.kind) {
    case "http":
      return `${known.method} ${plain(known.url)}`;
    case "argv":
    case "k8s":
    case "ssh":
      return known.argv.map(plain).join(" ");
    case "undisclosed":
      return "not disclosed by this gateway";
  }
}

/** The machine an effect goes to, as far as its form names one: a web address's host, or who and where of a remote shell. */
export function target(effect: Effect): string {
  const known = asKnown(effect);
  if (known?.kind === "ssh") return `${known.user}@${known.host}`;
  return known?.kind === "http" ? (/^[a-z]+:\/\/([^/?#]*)/i.exec(plain(known.url))?.[1] ?? "") : "";
}

/** Every text of the effect, for counting what is hidden in it. */
export function texts(effect: Effect): string {
  return lines(effect)
    .flat()
    .map((token) => token.text)
    .join("");
}

/** The effect in its closed form, or `null` where it must be shown raw. */
export function asKnown(effect: Effect): Known | null {
  if (effect === null || typeof effect !== "object" || Array.isArray(effect)) return null;
  const kind = (effect as { kind?: JsonValue }).kind;
  const forms: Record<string, string[]> = {
    http: ["kind", "method", "url", "headers", "body"],
    argv: ["kind", "argv", "cwd"],
    ssh: ["kind", "host", "port", "user", "host_key", "argv"],
    k8s: ["kind", "argv"],
    undisclosed: ["kind", "entry"],
  };
  const fields = typeof kind === "string" ? forms[kind] : undefined;
  if (fields === undefined) return null;
  const has = Object.keys(effect);
  const exact = has.length === fields.length && fields.every((one) => has.includes(one));
  return exact ? (effect as Known) : null;
}

function http(effect: Extract<Known, { kind: "http" }>): Line[] {
  const headers = Object.entries(effect.headers).map(([key, value]) => [name(`${key}: `), ...parts(value ?? "")]);
  const body = effect.body === null ? [[note("no body")]] : wrapLines(parts(effect.body));
  return [[verb(effect.method), text(" "), ...parts(effect.url)], ...headers, ...body];
}

function command(argv: Text[]): Line {
  return argv.flatMap((argument, at) => {
    const tokens = parts(argument).map((token) => (token.kind === "text" ? { ...token, text: quoted(token.text) } : token));
    const first = at === 0 ? tokens.map((token) => (token.kind === "text" ? { ...token, kind: "verb" as const } : token)) : tokens;
    return at === 0 ? first : [text(" "), ...first];
  });
}

/** Quotes make the borders of an argument visible where its text alone does not. */
function quoted(argument: string): string {
  return argument === "" || /[\s'"\\]/.test(argument) ? `"${argument.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : argument;
}

function undisclosed(entry: JsonValue): Line[] {
  const withheld: Line = [{ kind: "withheld", text: "values not disclosed by this gateway" }];
  if (entry === null) return [withheld, [note("Its registry does not know the action either.")]];
  return [withheld, [note("Its registry entry, as read:")], ...json(entry)];
}

function json(value: JsonValue): Line[] {
  return indented(value, 72)
    .split("\n")
    .map((line) => parts(line));
}

/** A text in tokens, with redacted places marked. */
function parts(value: Text): Token[] {
  const list = typeof value === "string" ? [value] : value;
  return list.flatMap((part) => (typeof part === "string" ? literal(part) : [{ kind: "secret" as const, text: part.secret }]));
}

function literal(part: string): Token[] {
  return part
    .split(REDACTED)
    .flatMap((piece, at) => (at === 0 ? [text(piece)] : [{ kind: "withheld" as const, text: "redacted here" }, text(piece)]))
    .filter((token) => token.text !== "");
}

function wrapLines(tokens: Token[]): Line[] {
  const found: Line[] = [[]];
  for (const token of tokens) {
    token.text.split("\n").forEach((piece, at) => {
      if (at > 0) found.push([]);
      if (piece !== "") found.at(-1)?.push({ ...token, text: piece });
    });
  }
  return found;
}

function plain(value: Text): string {
  return typeof value === "string" ? value : value.map((part) => (typeof part === "string" ? part : `{${part.secret}}`)).join("");
}

function verb(value: string): Token {
  return { kind: "verb", text: value };
}
function name(value: string): Token {
  return { kind: "name", text: value };
}
function text(value: string): Token {
  return { kind: "text", text: value };
}
function note(value: string): Token {
  return { kind: "note", text: value };
}
