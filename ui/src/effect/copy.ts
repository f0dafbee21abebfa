/**
 * An effect as a command that a person can run by hand when the gateway is dead. Secrets stay names (`$ops_token`): their
 * values are never here. What cannot be written as a command gives `null`.
 */
import type { Effect } from "../bindings/Effect";
import type { Text } from "../bindings/Text";
import { isHostile } from "../text";
import { asKnown } from "./lines";

export type Copy = { label: "curl" | "shell"; command: string };

/** The command, or `null` where the effect is not disclosed or not known. */
export function copy(effect: Effect): Copy | null {
  const known = asKnown(effect);
  switch (known?.kind) {
    case "http": {
      const words = ["curl", "-X", word(known.method), word(known.url)];
      for (const [name, value] of Object.entries(known.headers)) words.push("-H", word(joined(`${name}: `, value ?? "")));
      if (known.body !== null) words.push("--data-raw", word(known.body));
      return { label: "curl", command: words.join(" ") };
    }
    case "argv": {
      const run = known.argv.map(word).join(" ");
      return { label: "shell", command: known.cwd === null ? run : `cd ${word(known.cwd)} && ${run}` };
    }
    case "ssh": {
      const remote = known.argv.map(word).join(" ");
      return { label: "shell", command: `ssh -p ${word(known.port)} ${word(`${known.user}@${known.host}`)} -- ${word(remote)}` };
    }
    case "k8s":
      return { label: "shell", command: known.argv.map(word).join(" ") };
    default:
      return null;
  }
}

function joined(prefix: string, value: Text): Text {
  return typeof value === "string" ? prefix + value : [prefix, ...value];
}

/** One shell word. Literal text is quoted so that nothing in it acts; a secret becomes a variable of its name. */
function word(value: Text): string {
  if (typeof value === "string") return literal(value);
  return value.map((part) => (typeof part === "string" ? literal(part) : `"$${part.secret.replace(/\W/g, "_")}"`)).join("");
}

function literal(value: string): string {
  if (/^[\w@%+=:,./-]+$/.test(value)) return value;
  if (![...value].some((character) => isHostile(character))) return `'${value.replaceAll("'", `'\\''`)}'`;
  const escaped = [...value].map((character) => {
    if (isHostile(character)) return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;
    return character === "'" || character === "\\" ? `\\${character}` : character === "\n" ? "\\n" : character;
  });
  return `$'${escaped.join("")}'`;
}
