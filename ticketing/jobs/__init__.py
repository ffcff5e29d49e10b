"""Long work in the background: parts, each worked page by page, and gone on with wherever it was interrupted."""
