/** What is used of Khronos' validator, which brings no types. */
declare module "gltf-validator" {
  export interface Report {
    issues: {
      numErrors: number;
      numWarnings: number;
      truncated: boolean;
      /** Severity 0: error, 1: warning, 2: information, 3: hint. */
      messages: { code: string; message: string; severity: number; pointer?: string }[];
    };
    info: { extensionsUsed?: string[] };
  }
  export function validateBytes(
    bytes: Uint8Array,
    options?: { maxIssues?: number },
  ): Promise<Report>;
}
