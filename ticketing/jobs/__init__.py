"""Long work in the background. A job has parts, worked page by page. Each continues where it was interrupted."""
