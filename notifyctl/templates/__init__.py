"""The texts customers read, and how they are filled in."""
