/** Clocks that are apart: said above the list and in Settings, and not said where they agree. */
import { screen } from "@testing-library/svelte";
import { expect, it } from "vitest";
import { gateway } from "../src/backend/fake/make";
import { night, open, told } from "./page";
import { disk } from "./requests";

const page = (clock_off_ms: number | null) => open(night({ requests: [disk], bare: true, gateways: [gateway({ clock_off_ms })] }));

it("f34 says whose clock is ahead, above the list and in Settings", async () => {
  const shown = await page(95_000);
  expect(told(screen.getByRole("region", { name: "Inbox" }))).toMatch(/clock is .* behind the gateway's/);
  await shown.press("gs");
  expect(told(screen.getByRole("region", { name: "Settings" }))).toMatch(/clock is .* behind the gateway's/);
});

it("f34 says nothing where the clocks agree", async () => {
  await page(null);
  expect(told(screen.getByRole("region", { name: "Inbox" }))).not.toContain("clock");
});
