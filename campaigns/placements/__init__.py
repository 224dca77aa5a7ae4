"""The published link: what was agreed, whether it is there, and what it cost.

`verdict` reads a page and says what it found, without database or network; `checking` looks and keeps the evidence;
`numbers` says how many links live, and what a living one costs; `letters` writes to a site whose link is gone.
"""
