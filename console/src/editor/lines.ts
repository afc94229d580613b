/**
 * The line separator to give CodeMirror so that a text comes out as it went in: CRLF if every line ends so; else LF,
 * which leaves a lone CR in its line.
 */
export function lineSeparatorOf(text: string): "\r\n" | "\n" {
  return text.includes("\r\n") && !/(^|[^\r])\n/.test(text) && !/\r(?!\n)/.test(text) ? "\r\n" : "\n";
}
