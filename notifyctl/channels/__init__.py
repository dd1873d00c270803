"""What a valid recipient is on each channel, and how a notification becomes a payload there.

A module per channel, with the same two verbs: parse an address, render a notification. `mask` is for output,
`validation` is the check at the door, before anything is queued.
"""
