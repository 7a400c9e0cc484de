"""Pictures as files: read, written with facts inside, laid out on sheets."""
