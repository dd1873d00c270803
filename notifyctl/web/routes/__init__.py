"""The routes, a module per noun, each with a `router`."""
