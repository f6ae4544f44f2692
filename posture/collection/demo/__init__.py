"""A fleet to look at: a story over many days, told through the same writers as real pulls and reports."""
