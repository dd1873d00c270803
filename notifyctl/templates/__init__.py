"""The texts that customers read: found by name, filled in strictly, escaped where they are markup.

Two steps: `catalog.Catalog` finds a template by channel and name; the template renders a mapping of
variables. What a recipient is, and who sends the result, is decided in other rooms.
"""
