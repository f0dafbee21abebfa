/** Several gateways: each list is read from all of them, and what one refuses hides nothing of the others. */
import { screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { open, told } from "./page";

describe.each([
  ["Runbooks", "gr", "restart-orders-api", "list-pools"],
  ["Error mappings", "gm", "orders-crashloop", "db-pool-exhausted"],
])("%s of several gateways", (view, keys, second, first) => {
  it("stand in one list with the gateway's name; one that is refused says so by its name", async () => {
    const page = await open("several");
    await page.press(keys);
    const list = told(screen.getByRole("region", { name: view }));
    expect(list).toContain(first);
    expect(list).toContain(second);
    expect(list).toMatch(/prod-eu/);
    expect(list).toMatch(/staging/);
    expect(list).toContain("lab: The certificate is not trusted");
  });

  it("name no gateway where there is one", async () => {
    const page = await open("inbox");
    await page.press(keys);
    expect(told(screen.getByRole("region", { name: view }))).not.toContain("prod-eu");
  });

  it("are read again when a gateway comes back", async () => {
    const page = await open("offline");
    await page.press(keys);
    expect(told(screen.getByRole("region", { name: view }))).toMatch(/Kept here as of 02:36:58: No route to host/);
    const before = page.fake.asked;
    await page.push((seen) => ({ gateways: seen.gateways.map((one) => ({ ...one, connection: { state: "live" as const, via: "socket" as const } })) }));
    expect(page.fake.asked).toBeGreaterThan(before);
  });
});

it("rows and card say which gateway they are of", async () => {
  await open("several");
  expect(screen.getAllByRole("option").map(told).filter((row) => row.includes("staging / checkout-staging"))).toHaveLength(1);
});
