"""Scripts as their libraries' documents show them. They run in an environment of their own."""
