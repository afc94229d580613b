"""The commands of nacosctl, a module for each group: each is imported when it is called."""
