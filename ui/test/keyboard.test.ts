/** The keyboard: the whole way without a pointer, where single keys act and where they never do, and where the focus goes. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { at, ME } from "../src/backend/fake/make";
import { latency, pool } from "../src/backend/fake/requests";
import { SHORTCUTS } from "../src/state/keys";
import { card, open, openCard, pass, told } from "./page";
import { disk, holding } from "./requests";

const bare = { bare: true };
const selected = () => told(screen.getByRole("option", { selected: true }));
const heading = () => told(within(card()).getByRole("heading", { level: 2 }));
const dialog = () => screen.queryByRole("dialog");

describe("the main path by keyboard alone", () => {
  it("j, k and Enter choose and open a request, a and Enter approve it", async () => {
    const page = await open("inbox");
    await page.press("j");
    expect(selected()).toContain(latency.error_message);
    expect(heading()).toBe(latency.error_message);
    await page.press("k");
    expect(selected()).toContain(pool.error_message);
    await page.press("j");
    await page.press("{Enter}");
    expect(document.activeElement).toBe(within(card()).getByRole("heading", { level: 2 }));
    await page.press("a");
    await pass(2000);
    await page.press("{Enter}");
    expect(page.last("prepare").key.request).toBe(latency.request_id);
    expect(page.count("confirm")).toBe(1);
  });

  it("a high-risk action is approved by a, its target and Enter", async () => {
    const page = await openCard(holding, [], bare);
    await page.press("a");
    await page.user.keyboard("search-data");
    await pass(2000);
    await page.press("{Enter}");
    expect(page.last("confirm").typed).toBe("search-data");
  });

  it("r, a preset and its button reject", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("r");
    await page.user.keyboard("Wrong host");
    await page.press("{Tab}{Tab}{Enter}");
    expect(page.last("prepare").verdict).toEqual({ verdict: "reject", reason: "Wrong host" });
    expect(page.count("confirm")).toBe(1);
  });

  it("a second press of the key that opened the confirmation confirms nothing", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("a");
    await page.press("a{Enter}{Enter}");
    expect(page.count("confirm")).toBe(0);
  });
});

describe("a alone never decides", () => {
  it.each(["a", "aaaa", "a{Escape}a{Escape}"])("%s: opens the confirmation at most", async (keys) => {
    const page = await openCard(disk, [], bare);
    await page.press(keys);
    await pass(5000);
    expect(page.count("confirm")).toBe(0);
  });

  it.each([
    ["expired", { ...disk, expires_at: at(-1) }],
    ["asked for by oneself", { ...disk, requested_by: ME }],
    ["rejected", { ...disk, status: "rejected" }],
  ])("%s: a opens nothing", async (_, request) => {
    const page = await openCard(request, [], bare);
    await page.press("a");
    expect(dialog()).toBeNull();
  });
});

describe("keys in a text field are text", () => {
  it("a, r, s, j and ? typed into a reason stand there and do nothing else", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("r");
    await page.user.keyboard("jars? a gig / n");
    await pass(3000);
    expect(within(screen.getByRole("dialog")).getByRole<HTMLTextAreaElement>("textbox").value).toBe("jars? a gig / n");
    expect(screen.getAllByRole("dialog")).toHaveLength(1);
    expect(page.did).toEqual([]);
  });

  it.each(["r", "m", "h"])("typed into the search of g %s they search and navigate nowhere", async (view) => {
    const page = await open("inbox");
    await page.press(`g${view}`);
    await page.press("/");
    const field = screen.getByRole<HTMLInputElement>("searchbox");
    expect(document.activeElement).toBe(field);
    await page.press("agi?rx");
    expect(field.value).toBe("agi?rx");
    expect(dialog()).toBeNull();
    expect(screen.getByRole("searchbox")).toBe(field);
  });

  it("typed into a password they decide nothing", async () => {
    const page = await open("signin");
    await page.press("gs");
    await page.user.click(screen.getByLabelText("Password"));
    await page.press("garrison");
    expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe("garrison");
    expect(screen.getByRole("region", { name: "Settings" })).not.toBeNull();
    expect(page.did).toEqual([]);
  });

  it("Escape empties a search, then leaves it", async () => {
    const page = await open("inbox");
    await page.press("gr/pool");
    const field = screen.getByRole<HTMLInputElement>("searchbox");
    expect(field.value).toBe("pool");
    await page.press("{Escape}");
    expect(field.value).toBe("");
    await page.press("{Escape}");
    expect(document.activeElement).not.toBe(field);
  });
});

describe("going to a view", () => {
  it.each([["i", "Inbox"], ["r", "Runbooks"], ["m", "Error mappings"], ["h", "History"], ["s", "Settings"]])("g %s goes to %s and the rail says so", async (key, name) => {
    const page = await open("inbox");
    await page.press(key === "i" ? "gs" : "gi");
    await page.press(`g${key}`);
    screen.getByRole("region", { name });
    const current = within(screen.getByRole("navigation", { name: "Views" })).getAllByRole("link").filter((one) => one.getAttribute("aria-current") === "page");
    expect(current.map(told).join()).toMatch(new RegExp(`^${name}`));
  });

  it("a g that was left alone means nothing later", async () => {
    const page = await open("inbox");
    await page.press("g");
    await pass(3000);
    await page.press("h");
    screen.getByRole("region", { name: "Inbox" });
  });

  it("a letter with a modifier is the browser's or the system's", async () => {
    const page = await openCard(disk, [], bare);
    for (const keys of ["{Control>}a{/Control}", "{Meta>}r{/Meta}", "{Alt>}a{/Alt}"]) await page.press(keys);
    expect(dialog()).toBeNull();
  });
});

describe("the palette", () => {
  it.each(["{Control>}k{/Control}", "{Meta>}k{/Meta}"])("%s opens it with the focus in its field, Escape gives the focus back", async (keys) => {
    const page = await open("inbox");
    await page.press("j");
    await pass(50);
    const before = document.activeElement;
    await page.press(keys);
    expect(document.activeElement).toBe(screen.getByRole("combobox"));
    await page.press("{Escape}");
    await pass(200);
    expect(dialog()).toBeNull();
    expect(document.activeElement).toBe(before);
  });

  it("finds a command by a few letters, and Enter does it", async () => {
    const page = await open("inbox");
    await page.press("{Control>}k{/Control}");
    await page.press("hist");
    expect(told(within(screen.getByRole("dialog")).getByRole("option", { selected: true }))).toMatch(/^History/);
    await page.press("{Enter}");
    screen.getByRole("region", { name: "History" });
  });

  it("finds a request by its error and opens it", async () => {
    const page = await open("inbox");
    await page.press("{Control>}k{/Control}");
    await page.press("oidc{Enter}");
    expect(heading()).toMatch(/OIDC discovery/);
  });

  it("its Approve opens the confirmation and decides nothing", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("{Control>}k{/Control}");
    await page.press("approve{Enter}");
    await pass(3000);
    expect(told(dialog())).toMatch(/Approve the request/);
    expect(page.count("confirm")).toBe(0);
  });

  it("offers no decision that the card does not offer", async () => {
    const page = await openCard({ ...disk, requested_by: ME }, [], bare);
    await page.press("{Control>}k{/Control}");
    const names = within(screen.getByRole("dialog")).getAllByRole("option").map(told);
    expect(names.filter((name) => name.startsWith("Approve"))).toEqual([]);
    expect(names.some((name) => name.startsWith("Reject"))).toBe(true);
  });

  it("does not open over a decision", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("r");
    await page.press("{Control>}k{/Control}");
    expect(screen.queryByRole("combobox")).toBeNull();
  });

  it("says so when nothing is called that", async () => {
    const page = await open("inbox");
    await page.press("{Control>}k{/Control}");
    await page.press("zzzz{Enter}");
    expect(told(dialog())).toMatch(/Nothing is called that/);
  });
});

describe("the help", () => {
  it("? lists every key, Escape closes it", async () => {
    const page = await open("inbox");
    await page.press("?");
    for (const { does } of SHORTCUTS.flatMap((group) => group.rows)) expect(told(dialog())).toContain(does);
    await page.press("{Escape}");
    expect(dialog()).toBeNull();
  });

  it("keys do nothing behind it", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("?");
    await page.press("agh");
    expect(screen.getAllByRole("dialog")).toHaveLength(1);
    screen.getByRole("region", { name: "Inbox", hidden: true });
  });
});

describe("single keys switched off", () => {
  it("mean nothing any more; the palette still opens", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("gs");
    await page.user.click(within(screen.getByRole("radiogroup", { name: "Single keys" })).getByRole("radio", { name: "Off" }));
    (document.activeElement as HTMLElement).blur();
    await page.press("gi");
    screen.getByRole("region", { name: "Settings" });
    await page.press("{Control>}k{/Control}");
    screen.getByRole("combobox");
  });
});

describe("where the focus goes", () => {
  it.each([["r", "reject"], ["a", "approve"]])("%s and Escape: back to where it was", async (key) => {
    const page = await open("inbox");
    await page.press("j");
    await pass(50);
    const before = document.activeElement;
    expect(before?.getAttribute("role")).toBe("option");
    await page.press(key);
    await pass(200);
    expect(dialog()?.contains(document.activeElement)).toBe(true);
    await page.press("{Escape}");
    await pass(200);
    expect(document.activeElement).toBe(before);
  });

  it("is not lost when the decision was recorded and its button is gone", async () => {
    const page = await openCard(disk, [], bare);
    screen.getByRole("button", { name: /^Approve all/ }).focus();
    await page.press("{Enter}");
    await pass(2000);
    await page.press("{Enter}");
    await pass(300);
    expect(dialog()).toBeNull();
    expect(document.activeElement).toBe(within(card()).getByRole("heading", { level: 2 }));
  });

  it("every list takes the arrow keys", async () => {
    const page = await open("inbox");
    await page.press("j");
    await page.press("{ArrowDown}");
    expect(selected()).toContain("Consumer lag");
    await page.press("{ArrowUp}");
    expect(selected()).toContain(latency.error_message);
  });
});
