/** First start: three doors, each saying what it does before it does it, and what went wrong when it does not open. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { isClosed, open, type Page, pass, told } from "./page";

const address = () => screen.getByRole<HTMLInputElement>("textbox", { name: "Address" });
const door = (name: string) => screen.getByRole("heading", { level: 2, name }).parentElement as HTMLElement;

async function signingIn(): Promise<Page> {
  const page = await open("first");
  await page.user.type(address(), "hold.example.com{Enter}");
  await pass(50);
  return page;
}

async function credentials(page: Page, password: string): Promise<void> {
  await page.user.type(screen.getByLabelText("Email"), "you@example.com");
  await page.user.type(screen.getByLabelText("Password"), `${password}{Enter}`);
  await pass(50);
}

describe("the three doors", () => {
  it("stand there when there is no gateway, and nothing has been done yet", async () => {
    const page = await open("first");
    expect(screen.getAllByRole("heading", { level: 2 }).map(told)).toEqual(["Connect to a gateway", "Use this machine", "Rehearse first"]);
    expect(page.did).toEqual([]);
  });

  it.each([["Use this machine", "Use this machine", "start_here"], ["Rehearse first", "Start the rehearsal", "rehearse"]] as const)("%s: does what it says, and leads to the inbox", async (name, button, command) => {
    const page = await open("first");
    await page.user.click(within(door(name)).getByRole("button", { name: button }));
    await pass(3000);
    expect(page.did[0]).toEqual({ do: command });
    screen.getByRole("region", { name: "Inbox" });
  });

  it("a door that does not open says why in its own place, and the others stay open", async () => {
    const page = await open("first");
    page.refuse("start_here", "store", "The folder is read-only.");
    await page.user.click(within(door("Use this machine")).getByRole("button"));
    await pass(50);
    expect(told(door("Use this machine"))).toMatch(/The folder is read-only/);
    expect(told(door("Rehearse first"))).not.toMatch(/read-only/);
    expect(isClosed(within(door("Rehearse first")).getByRole("button"))).toBe(false);
  });

  it("the rehearsal is marked on every view, and brings its incident", async () => {
    const page = await open("first");
    await page.click("Start the rehearsal");
    await pass(5000);
    expect(screen.getAllByRole("option")).toHaveLength(1);
    for (const key of ["r", "m", "h", "s", "i"]) {
      await page.press(`g${key}`);
      expect(told(screen.getByRole("complementary", { name: "Rehearsal" }))).toMatch(/scripted incident/);
    }
  });

  it("the first key press of a newcomer does nothing by accident", async () => {
    const page = await open("first");
    for (const keys of ["a", "r", "gh", "?"]) await page.press(keys);
    expect(page.did).toEqual([]);
    screen.getByRole("heading", { level: 1, name: /Where do the requests come from/ });
  });
});

describe("connecting", () => {
  it("ticks each step only once it has happened", async () => {
    const page = await signingIn();
    expect(told(door("Connect to a gateway"))).toMatch(/Address taken: https:\/\/hold.example.com/);
    expect(told(door("Connect to a gateway"))).not.toMatch(/Signed in/);
    await credentials(page, "right");
    expect(told(document.body)).toMatch(/Signed in as you@example.com/);
    expect(told(door("Connect to a gateway"))).toMatch(/still coming in/);
    await pass(2000);
    screen.getByRole("region", { name: "Inbox" });
  });

  it("sends the password once, to the gateway whose address was taken, and forgets it", async () => {
    const page = await signingIn();
    await credentials(page, "s3cret");
    expect(page.did.map((one) => one.do)).toEqual(["add_gateway", "sign_in", "connect"]);
    expect(page.last("sign_in")).toMatchObject({ email: "you@example.com", password: "s3cret" });
    expect(document.body.innerHTML).not.toContain("s3cret");
    expect([...document.querySelectorAll("input")].map((one) => one.value)).not.toContain("s3cret");
  });

  it("an address that is none is said to be none, and what was typed stays", async () => {
    const page = await open("first");
    await page.user.type(address(), "not an address{Enter}");
    await pass(50);
    expect(told(screen.getByRole("alert"))).toMatch(/is not an address/);
    expect(address().value).toBe("not an address");
  });

  it("a certificate that is not trusted is named, and nothing is signed in", async () => {
    const page = await open("first");
    await page.user.type(address(), "untrusted.example.com{Enter}");
    await pass(50);
    expect(told(screen.getByRole("alert"))).toMatch(/certificate.*not trusted/i);
    expect(page.count("sign_in")).toBe(0);
  });

  it("a wrong password says so, and another try can be made", async () => {
    const page = await signingIn();
    await credentials(page, "wrong");
    expect(told(screen.getByRole("alert"))).toMatch(/did not take this name or password/);
    await page.user.clear(screen.getByLabelText("Password"));
    await page.user.type(screen.getByLabelText("Password"), "right{Enter}");
    await pass(50);
    expect(page.count("sign_in")).toBe(2);
    expect(told(document.body)).toMatch(/Signed in as/);
  });

  it("is not started without an address, nor a sign-in without a password", async () => {
    const page = await open("first");
    await page.click("Connect");
    expect(page.did).toEqual([]);
    await page.user.type(address(), "hold.example.com{Enter}");
    await pass(50);
    await page.user.type(screen.getByLabelText("Email"), "you@example.com{Enter}");
    await pass(50);
    expect(page.count("sign_in")).toBe(0);
  });
});
