"""A folder of stills, trained on by `videoxception train` and the ways that other libraries' documents show."""
