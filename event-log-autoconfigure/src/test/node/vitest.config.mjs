export default {
  test: { include: ["conformance.test.mjs"], setupFiles: ["setup.mjs"], testTimeout: 30_000 },
}
