"""nacosctl: the command-line tool for operators and users. It speaks HTTP and starts without the server's parts."""
