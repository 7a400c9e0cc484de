"""What a sweep may vary: dimensions, and the files they are written in."""
