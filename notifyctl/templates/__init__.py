"""The texts that customers read: found by name, put into their language, filled in strictly, escaped in markup.

`catalog.Catalog` finds a template by channel and name; the template renders a mapping of variables for a locale. Text
files make a template, and a shop's folder may replace each by itself; `languages` holds translations, `samples` what to
try templates with, `proofs` what is wrong with them. What a recipient is, and who sends the result, is decided in other
rooms.
"""
