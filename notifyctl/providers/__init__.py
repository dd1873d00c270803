"""The vendors: a finished payload goes in, `Sent` or a classified outcome comes back."""
