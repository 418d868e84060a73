"""Pictures and videos that anybody hands in, and Corporate Communications makes posts of (clauses 4.3 and 4.4)."""

MOST_PICTURES = 4  # of one contribution: what a post shows at a glance
LONGEST_WORDS, LONGEST_PLACE, LONGEST_ALT, LONGEST_REASON = 2000, 200, 1000, 2000  # characters
