"""Each operation dies before, and after, each of its external calls; then everybody goes on as they would."""
