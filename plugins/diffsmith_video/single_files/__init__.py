"""Files of clips' networks as their authors wrote them."""
