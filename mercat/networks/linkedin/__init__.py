"""LinkedIn: the pages of organisations."""
