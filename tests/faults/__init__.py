"""Faults under load: clients at work, things that break meanwhile, and checks of all that was answered.

C{sh bin/test.sh tests.faults} runs the short part, which is in the suite; with C{NACOS_TW_FAULTS=<rounds>} in the
environment so many random faults follow, from a seed that a failure prints (and that C{NACOS_TW_FAULTS_SEED} gives).
C{breakage.py} has what is broken, C{checks.py} what is checked.
"""
