"""What a valid recipient is on each channel, and how a notification becomes a payload there.

A module per channel, with the same three verbs: parse an address, mask it for output, render a notification.
`validation` is the check at the door, before anything is queued.
"""
