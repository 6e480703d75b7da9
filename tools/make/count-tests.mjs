// Sums what the test runners reported: `node count-tests.mjs LOG...`. The last line is
// `N passed, M failed`. A log in which no runner reports anything is an error: no tests ran.

import { readFileSync } from "node:fs";
import { basename } from "node:path";

const reports = [
  // cargo test: "test result: ok. 14 passed; 0 failed; 0 ignored; ..."
  { pattern: /^test result: \w+\. (\d+) passed; (\d+) failed;/gm, passed: 1, failed: 2 },
  // cargo nextest: "Summary [ 3.1s] 120 tests run: 119 passed (1 slow), 1 failed, 0 skipped"
  {
    pattern: /^\s*Summary \[[^\]]*\] \d+ tests? run: (\d+) passed(?: \([^)]*\))?(?:, (\d+) failed)?/gm,
    passed: 1,
    failed: 2,
  },
  // vitest: "     Tests  2 failed | 112 passed (114)"
  { pattern: /^\s*Tests\s+(?:(\d+) failed \| )?(\d+) passed/gm, passed: 2, failed: 1 },
  // playwright: "  7 passed (41.2s)", and "  1 failed" on a line of its own
  { pattern: /^ {2}(\d+) passed \(/gm, passed: 1 },
  { pattern: /^ {2}(\d+) failed$/gm, failed: 1 },
];

let passed = 0;
let failed = 0;
for (const path of process.argv.slice(2)) {
  const text = readFileSync(path, "utf8");
  let found = 0;
  for (const report of reports) {
    for (const match of text.matchAll(report.pattern)) {
      found += 1;
      passed += report.passed === undefined ? 0 : Number(match[report.passed] ?? 0);
      failed += report.failed === undefined ? 0 : Number(match[report.failed] ?? 0);
    }
  }
  if (found === 0) {
    console.error(`${basename(path)}: no test runner reported anything`);
    process.exit(1);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
