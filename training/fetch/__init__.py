"""Downloads of data sets: resumed where they stopped; where a person is needed, explained."""
