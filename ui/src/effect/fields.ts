/**
 * An effect as its fields, each with a name in words and its whole text: what two readings of an action are compared by. Owns
 * no markup and judges nothing; the listing that a person reads before a decision is `lines.ts`.
 */
import type { Effect } from "../bindings/Effect";
import type { JsonValue } from "../bindings/JsonValue";
import type { Text } from "../bindings/Text";
import { canonical } from "../digest/digest";
import { indented } from "../words";
import { asKnown } from "./lines";

/** `text` is for reading, `exact` tells apart what reads the same: a secret and a text that looks like its mark. */
export type Field = { name: string; text: string; exact: string };

/** The fields of an effect, in the order in which they will be sent. A list of arguments is one field of several items. */
export function fields(effect: Effect): Field[] {
  const known = asKnown(effect);
  if (known === null) return [raw("effect", effect as JsonValue)];
  switch (known.kind) {
    case "http":
      return [form("an HTTP call"), plain("method", known.method), text("address", known.url), ...Object.entries(known.headers).map(([name, value]) => text(`header ${name}`, value ?? "")), known.body === null ? plain("body", null) : text("body", known.body)];
    case "argv":
      return [form("a command on the gateway's machine"), plain("directory", known.cwd)];
    case "ssh":
      return [form("a command over ssh"), plain("host", known.host), plain("port", known.port), plain("user", known.user), plain("host key", known.host_key)];
    case "k8s":
      return [form("a kubectl command")];
    case "undisclosed":
      return [form("not disclosed by the gateway"), raw("registry entry", known.entry)];
  }
}

/** The program and its arguments, each by itself; empty where the form has none. */
export function items(effect: Effect): Field[] {
  const known = asKnown(effect);
  if (known === null || !("argv" in known)) return [];
  return known.argv.map((argument, at) => text(at === 0 ? "program" : `argument ${at}`, argument));
}

function form(words: string): Field {
  return { name: "what it is", text: words, exact: words };
}

function plain(name: string, value: string | null): Field {
  return { name, text: value ?? "none", exact: canonical(value) };
}

function raw(name: string, value: JsonValue): Field {
  return { name, text: indented(value, 60), exact: canonical(value) };
}

function text(name: string, value: Text): Field {
  const parts = typeof value === "string" ? [value] : value;
  return { name, text: parts.map((part) => (typeof part === "string" ? part : `{secret ${part.secret}}`)).join(""), exact: canonical(value) };
}
