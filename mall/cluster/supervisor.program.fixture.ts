// A program for the tests: keeps a small server alive, in the directory and at the port of its arguments, and tells its
// parent the server's process id. It is there to be killed.
import { smallServer } from "./supervised-process.fixture.ts";
import { SupervisedProcess } from "./supervised-process.ts";

const [directory = "", port = ""] = process.argv.slice(2);
const { plan, supervision } = smallServer(directory, Number(port));
const server = new SupervisedProcess(plan, supervision);
await server.start();
process.send?.({ pid: server.pid });
