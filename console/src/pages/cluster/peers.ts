/** The way to the consoles of the other nodes. */

/**
 * The address of a node's own console, at this page: nodes of a cluster have the same context path.
 * @param address the node's, host and port.
 * @param here where this page is.
 */
export function consoleOf(address: string, here: { protocol: string; pathname: string }): string {
  return `${here.protocol}//${address}${here.pathname}#/clusterManagement`;
}
