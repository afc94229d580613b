"""What the Raft part keeps on disk: log, snapshots, term and vote."""
