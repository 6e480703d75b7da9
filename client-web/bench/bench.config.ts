import base from "../playwright.config";

/** As for the stories; what is measured here runs alone and asserts no times. */
export default { ...base, testDir: ".", testMatch: "*.bench.ts", outputDir: "../test-results" };
