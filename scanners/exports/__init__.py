"""Writers of our records in formats that other tools read. Pure: numbers, names and times of a document are arguments."""
