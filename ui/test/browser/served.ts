/** Builds the page with its scripted backend and serves it on a free port, under the policy of the shell. */
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    origin: string;
  }
}

/** As DESIGN has it for the shell, but that this page has nobody to connect to. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-src 'none'; object-src 'none'";
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml" };

export default async function serve(project: TestProject): Promise<() => void> {
  const built = resolve("../target/ui-axe");
  execFileSync(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--mode", "fake", "--outDir", built, "--emptyOutDir", "--logLevel", "error"], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production", VITEST: "" } });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const file = join(built, pathname === "/" ? "index.html" : pathname);
    if (!file.startsWith(built) || !existsSync(file)) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": POLICY });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  project.provide("origin", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
