"""What the v2 and v3 APIs share: the wrapper of answers, their codes, parameters, and how routes are declared."""
