// Builds the pages' one style and one script: `node build.mjs [FOLDER]`, by default into ../static.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static");
const govuk = join(here, "node_modules", "govuk-frontend");
const version = JSON.parse(readFileSync(join(govuk, "package.json"), "utf8")).version;

// What was built from what, so that a test without node can tell whether someone forgot to build.
const sources = ["build.mjs", "package.json", ...["css", "js"].flatMap((folder) => readdirSync(join(here, folder)).map((name) => `${folder}/${name}`))];
const hash = createHash("sha256");
for (const name of sources.sort()) hash.update(name).update("\0").update(readFileSync(join(here, name))).update("\0");
const banner = `/* Built from assets/ (${hash.digest("hex").slice(0, 16)}); do not edit. Contains parts of GOV.UK Frontend ${version} (MIT, see govuk-frontend/LICENSE.txt). */`;

const style = sass.compile(join(here, "css", "plumbline.scss"), {
  loadPaths: [join(here, "node_modules")],
  style: "compressed",
  charset: false,
  quietDeps: true,
});
const script = await build({
  entryPoints: [join(here, "js", "plumbline.js")],
  bundle: true,
  write: false,
  minify: true,
  format: "esm",
  target: "es2020",
  legalComments: "none",
});

// Each with a compressed copy beside it, which is what a browser is sent.
function write(name, content) {
  writeFileSync(join(out, name), content);
  writeFileSync(join(out, `${name}.gz`), gzipSync(content, { level: 9 }));
}

for (const folder of ["js", "htmx"]) mkdirSync(join(out, folder), { recursive: true });
write("plumbline.css", `${banner}\n${style.css.trim()}\n`);
write("js/plumbline.js", `${banner}\n${script.outputFiles[0].text.trim()}\n`);
// these are sent as they lie there
for (const name of ["htmx/htmx.min.js", "js/upload.js"]) write(name, readFileSync(join(here, "..", "static", name)));
