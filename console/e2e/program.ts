/** Programs that tests start: what they say, line by line. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Program {
  private readonly process;
  private readonly lines;

  constructor(command: string, options: string[]) {
    this.process = spawn(command, options, { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** Wait until it says a line. @throws when it ends without */
  async says(line: string): Promise<void> {
    for (;;) {
      const next = await this.lines.next();
      if (next.done) throw new Error(`the program ended without saying ${line}`);
      if (next.value === line) return;
    }
  }

  tell(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }

  kill(): void {
    this.process.kill("SIGKILL");
  }
}
