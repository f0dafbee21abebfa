/** What must be known about the data here: above every view, in the engine's words, and never lost by putting it away. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { bannerWords } from "../src/banners";
import { at } from "../src/backend/fake/make";
import type { Banner } from "../src/bindings/Banner";
import type { BannerKind } from "../src/bindings/BannerKind";
import { night, offers, open, type Page, told } from "./page";
import { disk } from "./requests";

const KINDS: { [Kind in BannerKind]: Kind } = { read_only: "read_only", disk_full: "disk_full", cache_rebuilt: "cache_rebuilt", decisions_salvaged: "decisions_salvaged", row_changed: "row_changed", receipts_broken: "receipts_broken", gateway_audit: "gateway_audit" };
const ALL = Object.values(KINDS);
const banner = (kind: BannerKind, sentence = `What happened to ${kind}, and what to do.`): Banner => ({ kind, since: at(-60), sentence });
const region = () => screen.queryByRole("region", { name: "About the data here" });
const with_ = (...banners: Banner[]): Promise<Page> => open(night({ requests: [disk], bare: true, banners }));

describe("f38 f40 f41 a27 a banner", () => {
  it.each(ALL)("%s: stands above every view, with the engine's sentence and since when", async (kind) => {
    const page = await with_(banner(kind));
    for (const keys of ["gi", "gr", "gm", "gh", "gs"]) {
      await page.press(keys);
      expect(told(region())).toContain(`What happened to ${kind}, and what to do.`);
      expect(told(region())).toContain("02:40:12");
    }
  });

  it.each(ALL)("%s: has a shape, a title and a tone that is not plain", (kind) => {
    const words = bannerWords(banner(kind));
    expect(words.title).toMatch(/^[A-Z]/);
    expect(["bad", "warn"]).toContain(words.tone);
  });

  it("that still stops a person cannot be put away; what was found once can, and stays in Settings", async () => {
    const page = await with_(banner("disk_full"), banner("cache_rebuilt"));
    expect(within(region() as HTMLElement).getAllByRole("button", { name: /^Hide/ })).toHaveLength(1);
    await page.click("Hide: Cache rebuilt");
    expect(told(region())).not.toContain("cache_rebuilt");
    expect(told(region())).toContain("disk_full");
    await page.press("gs");
    expect(told(screen.getByRole("region", { name: "Settings" }))).toContain("What happened to cache_rebuilt");
  });

  it("of the same kind that is found again shows again", async () => {
    const page = await with_(banner("cache_rebuilt"));
    await page.click(/^Hide/);
    expect(region()).toBeNull();
    await page.push(() => ({ banners: [{ ...banner("cache_rebuilt"), since: at(0) }] }));
    expect(region()).not.toBeNull();
  });

  it("goes by itself with its cause", async () => {
    const page = await with_(banner("disk_full"));
    await page.push(() => ({ banners: [] }));
    expect(region()).toBeNull();
  });

  it("more than there is room for are counted and lead to all of them", async () => {
    const page = await with_(...ALL.map((kind) => banner(kind)));
    await page.click("5 more things to know, in Settings");
    const settings = told(screen.getByRole("region", { name: "Settings" }));
    for (const kind of ALL) expect(settings).toContain(`What happened to ${kind}`);
  });

  it("the worst stands first, whatever was found last", async () => {
    await with_(banner("cache_rebuilt"), banner("decisions_salvaged"), banner("gateway_audit"));
    expect(told(region())).toMatch(/gateway_audit.*cache_rebuilt.*1 more thing/);
  });

  it("shows hostile text from outside escaped", async () => {
    await with_(banner("row_changed", "APR-\u202e1 <img src=x> changed."));
    expect(told(region())).toContain("APR-⟨U+202E⟩1 <img src=x> changed.");
  });

  it("bad ones interrupt a screen reader, others do not", async () => {
    await with_(banner("receipts_broken"), banner("decisions_salvaged"));
    expect(told(screen.getByRole("alert"))).toContain("receipts_broken");
    expect(screen.getAllByRole("alert")).toHaveLength(1);
  });
});

it("f41 files that may only be read: nothing is offered that would be refused, and the card says why", async () => {
  await with_(banner("read_only"));
  expect(Object.values(offers())).toEqual(["closed", "closed"]);
  expect(told(screen.getByRole("region", { name: "Request" }))).toMatch(/Nothing can be decided: the data here may only be read/);
});

it("without a banner nothing is said to be wrong, in Settings too", async () => {
  const page = await with_();
  expect(region()).toBeNull();
  await page.press("gs");
  expect(told(screen.getByRole("region", { name: "Settings" }))).toMatch(/Nothing is known to be wrong/);
});
