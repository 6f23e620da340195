export { createTestDatabase } from "@tidings/testing";
