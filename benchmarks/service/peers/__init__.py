"""What a user would otherwise run. These files run in the peers' environment, with this project beside them."""
