"""Facts about programs: analyses know, transformations do."""
