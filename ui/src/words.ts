/** Small words: lists and counts the way a sentence wants them. */

/** `1 action`, `2 actions`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `1`, `1 and 2`, `1, 2 and 3`. */
export function list(items: readonly (string | number)[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** With its first letter raised. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** JSON for reading: whatever fits on a short line stays on one, the rest is indented. */
export function indented(value: unknown, widthMax = 60, margin = ""): string {
  const line = JSON.stringify(value) ?? "null";
  if (line.length + margin.length <= widthMax || typeof value !== "object" || value === null) return line;
  const inner = `${margin}  `;
  const parts = Array.isArray(value)
    ? value.map((one) => inner + indented(one, widthMax, inner))
    : Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${indented(one, widthMax, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${margin}${close}`;
}
